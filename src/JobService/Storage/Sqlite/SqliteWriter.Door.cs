using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>What other threads hand in: it gathers until the next turn.</summary>
internal sealed partial class SqliteWriter
{
    public Task<T> RunAsync<T>(Func<Turn, T> work) => Post(new WriterCommand<T>(work) { Writes = true });

    public Task<T> AskAsync<T>(Func<Turn, T> question) => Post(new WriterCommand<T>(question) { Writes = false });

    /// <summary>One wish at a time; it is tried in every turn until something is claimed.</summary>
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

    private Task<T> Post<T>(WriterCommand<T> command)
    {
        lock (gate)
        {
            if (stopping)
                throw new StorageUnavailableException("The storage is closed.");
            gathering.Add(command);
            Monitor.Pulse(gate);
        }

        return command.Answer;
    }
}
