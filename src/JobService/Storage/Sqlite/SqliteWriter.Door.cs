using System.Threading.Channels;
using JobService.Ledger;
using JobService.Ledger.Commands;

namespace JobService.Storage.Sqlite;

/// <summary>What other threads hand in: it gathers until the next turn.</summary>
internal sealed partial class SqliteWriter
{
    private readonly SubmissionQueue submissions;

    /// <returns>False when so many wait already.</returns>
    public bool TrySubmit(AddJob job, out Task<Addition> answer)
    {
        var envelope = new SubmissionEnvelope<Addition>(job);
        answer = envelope.Answer;
        if (stopping)
            throw Closed();
        if (!submissions.TryAdd(envelope))
            return false;
        Wake();
        return true;
    }

    /// <summary>A chunk of an upload. Waits for a place too.</summary>
    public async Task<IReadOnlyList<Addition>> SubmitAsync(AddJobs jobs)
    {
        var envelope = new CommandEnvelope<IReadOnlyList<Addition>>(jobs);
        try
        {
            await submissions.AddChunkAsync(envelope, jobs.Rows.Count);
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }

        Wake();
        return await envelope.Answer;
    }

    /// <summary>Waits until there may be a place for a submission.</summary>
    public Task WaitForPlaceAsync(CancellationToken giveUp) => submissions.WaitForPlaceAsync(giveUp);

    public Task<T> RunAsync<T>(Command<T> command) => Post(new CommandEnvelope<T>(command));

    public Task<T> AskAsync<T>(Question<T> question) => Post(new QuestionEnvelope<T>(question));

    /// <summary>One pending claim at a time; it is tried in every turn until something is claimed.</summary>
    public Task<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken stopTaking)
    {
        var pending = new PendingClaim(request);
        lock (gate)
        {
            claim = latestClaim = pending;
            nudged = true;
            Monitor.Pulse(gate);
        }

        var withdrawal = stopTaking.Register(() => Withdraw(pending));
        if (stopTaking.CanBeCanceled)
            _ = pending.Answer.ContinueWith(_ => withdrawal.Unregister(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return pending.Answer;
    }

    /// <summary>Also while a turn tries the claim: if it claims nothing, the next one takes what is newest. A claim that is answered does not mind.</summary>
    public void Renew(ClaimRequest newest, bool atOnce)
    {
        lock (gate)
        {
            if (latestClaim is { } pending)
                pending.Newest = newest;
            if (!atOnce)
                return;
            nudged = true;
            Monitor.Pulse(gate);
        }
    }

    private void Nudge()
    {
        lock (gate)
        {
            nudged = true;
            Monitor.Pulse(gate);
        }
    }

    private void Withdraw(PendingClaim pending)
    {
        lock (gate)
        {
            pending.Withdrawn = true;
            if (claim != pending)
                return;
            claim = null;
        }

        pending.Complete([]);
    }

    private void Wake()
    {
        lock (gate)
            Monitor.Pulse(gate);
    }

    private static StorageUnavailableException Closed() => new("The storage is closed.");

    private Task<T> Post<T>(Envelope<T> envelope)
    {
        lock (gate)
        {
            if (stopping)
                throw Closed();
            gathering.Add(envelope);
            Monitor.Pulse(gate);
        }

        return envelope.Answer;
    }
}
