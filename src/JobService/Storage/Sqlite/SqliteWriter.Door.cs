using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>What other threads hand in: it gathers until the next turn.</summary>
internal sealed partial class SqliteWriter
{
    public Task<T> RunAsync<T>(Command<T> command) => Post(new CommandEnvelope<T>(command));

    public Task<T> AskAsync<T>(Question<T> question) => Post(new QuestionEnvelope<T>(question));

    /// <summary>One pending claim at a time; it is tried in every turn until something is claimed.</summary>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(ClaimRequest request, CancellationToken stopTaking)
    {
        lock (gate)
        {
            claim = request;
            nudged = true;
            Monitor.Pulse(gate);
        }

        await using var withdrawal = stopTaking.Register(() => Withdraw(request));
        return await request.Answer;
    }

    public void Nudge()
    {
        lock (gate)
        {
            nudged = true;
            Monitor.Pulse(gate);
        }
    }

    private void Withdraw(ClaimRequest request)
    {
        lock (gate)
        {
            request.Withdrawn = true;
            if (claim != request)
                return;
            claim = null;
        }

        request.Complete([]);
    }

    private Task<T> Post<T>(Envelope<T> envelope)
    {
        lock (gate)
        {
            if (stopping)
                throw new StorageUnavailableException("The storage is closed.");
            gathering.Add(envelope);
            Monitor.Pulse(gate);
        }

        return envelope.Answer;
    }
}
