using System.Threading.Channels;
using JobService.Ledger;
using JobService.Ledger.Commands;

namespace JobService.Storage;

/// <summary>The inbox of the writer: what other threads submit gathers there until the next turn.</summary>
internal sealed partial class LedgerWriter
{
    private readonly SubmissionQueue submissions;

    /// <returns>False when as many wait as may.</returns>
    public bool TrySubmit(AddJob job, out Task<Addition> addition)
    {
        var pending = new PendingInlineCommand<Addition>(job);
        addition = pending.Completion;
        if (stopping)
            throw Closed();
        ThrowIfStandingBy();
        if (!submissions.TryAdd(pending))
            return false;
        Wake();
        return true;
    }

    /// <summary>A chunk of an upload. Waits for capacity, too.</summary>
    public async Task<IReadOnlyList<Addition>> SubmitAsync(AddJobs jobs)
    {
        ThrowIfStandingBy();
        var pending = new PendingCommand<IReadOnlyList<Addition>>(jobs);
        try
        {
            await submissions.AddChunkAsync(pending, jobs.Rows.Count);
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }

        Wake();
        return await pending.Completion;
    }

    /// <summary>Waits until there may be capacity for a submission.</summary>
    public Task WaitForPlaceAsync(CancellationToken giveUp) => submissions.WaitForPlaceAsync(giveUp);

    /// <summary>The next call may wait for the end of one: its caller is not woken by itself.</summary>
    public Task<int> FinishAsync(FinishAttempts ends) => Post(new PendingInlineCommand<int>(ends));

    public Task<T> RunAsync<T>(Command<T> command) => Post(new PendingCommand<T>(command));

    /// <summary>Runs the command in the first turn, if this node still stands by.</summary>
    public Task WhenTakenOverAsync<T>(Command<T> command)
    {
        var done = Gather(new PendingCommand<T>(command));
        return StandsBy ? Task.CompletedTask : done;
    }

    /// <exception cref="StorageUnavailableException">This node cannot tell what is stored, nor change it.</exception>
    public void ThrowIfStandingBy()
    {
        if (StandsBy)
            throw new StorageUnavailableException(Elsewhere);
    }

    public Task<T> AskAsync<T>(Question<T> question) => Post(new PendingQuestion<T>(question));

    /// <summary>One pending claim at a time; it is tried in every turn until something is claimed.</summary>
    public async Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken stopTaking)
    {
        var pending = new PendingClaim(request);
        lock (gate)
        {
            claim = latestClaim = pending;
            turnRequested = true;
            Monitor.Pulse(gate);
        }

        await using var withdrawal = stopTaking.Register(() => Withdraw(pending));
        return await pending.Completion;
    }

    /// <summary>Also while a turn tries the claim: if it claims nothing, the next turn uses the newest request. No effect on a completed claim.</summary>
    public void Renew(ClaimRequest newest, bool atOnce)
    {
        lock (gate)
        {
            if (latestClaim is { } pending)
                pending.Newest = newest;
            if (!atOnce)
                return;
            turnRequested = true;
            Monitor.Pulse(gate);
        }
    }

    private void RequestTurn()
    {
        lock (gate)
        {
            turnRequested = true;
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

    private Task<T> Post<T>(PendingOperation<T> pending)
    {
        ThrowIfStandingBy();
        return Gather(pending);
    }

    private Task<T> Gather<T>(PendingOperation<T> pending)
    {
        lock (gate)
        {
            if (stopping)
                throw Closed();
            gathering.Add(pending);
            Monitor.Pulse(gate);
        }

        return pending.Completion;
    }
}
