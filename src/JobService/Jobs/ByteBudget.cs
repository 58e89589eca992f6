namespace JobService.Jobs;

/// <summary>Bytes that may be in memory at once for one purpose. First come, first served: nothing that needs less overtakes what waits.</summary>
/// <remarks>
/// Holders grow while they read, so two of them could wait for each other for ever. Therefore one of those that wait, the first, goes on beyond the budget, to its
/// own end: what is in memory at most is the budget and the largest single holder.
/// </remarks>
/// <param name="total">Bytes for all holders together.</param>
/// <param name="time">Measures how long a holder waits.</param>
public sealed class ByteBudget(long total, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> waiting = [];
    private long taken;
    private ByteHold? beyond;

    /// <summary>Bytes taken by now, without those of the one beyond the budget.</summary>
    public long Taken
    {
        get
        {
            lock (gate)
                return taken;
        }
    }

    internal bool TryTake(ByteHold hold, long bytes)
    {
        lock (gate)
            return waiting.Count == 0 ? Grant(hold, bytes) : hold.IsBeyond;
    }

    internal async Task<bool> TakeAsync(ByteHold hold, long bytes, TimeSpan atMost, CancellationToken stop)
    {
        LinkedListNode<Waiting> place;
        lock (gate)
        {
            if (waiting.Count == 0 && Grant(hold, bytes))
                return true;
            place = waiting.AddLast(new Waiting(hold, bytes));
            GrantNext();
        }

        using var patience = new CancellationTokenSource(atMost == Timeout.InfiniteTimeSpan || atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        await using (either.Token.UnsafeRegister(_ => Withdraw(place), null))
            return await place.Value.Granted.Task;
    }

    internal void Return(ByteHold hold, long bytes)
    {
        lock (gate)
        {
            taken -= bytes;
            hold.Bytes -= bytes;
            if (hold == beyond && hold.Bytes == 0)
                beyond = null;
            GrantNext();
        }
    }

    private void GrantNext()
    {
        while (waiting.First is { Value: var first } && Grant(first.Hold, first.Bytes, mayGoBeyond: true))
        {
            waiting.RemoveFirst();
            first.Granted.TrySetResult(true);
        }
    }

    private bool Grant(ByteHold hold, long bytes, bool mayGoBeyond = false)
    {
        if (hold.IsBeyond)
            return true;
        if (taken + bytes <= total)
        {
            taken += bytes;
            hold.Bytes += bytes;
            return true;
        }

        if (!mayGoBeyond || beyond is not null)
            return false;
        (beyond, hold.IsBeyond) = (hold, true);
        return true;
    }

    private void Withdraw(LinkedListNode<Waiting> place)
    {
        lock (gate)
        {
            if (place.List is null)
                return;
            waiting.Remove(place);
            place.Value.Granted.TrySetResult(false);
            GrantNext();
        }
    }

    private sealed record Waiting(ByteHold Hold, long Bytes)
    {
        public TaskCompletionSource<bool> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What one holder has of a budget: one request, one upload, one response. Not for use by two threads at once.</summary>
public sealed class ByteHold(ByteBudget budget) : IDisposable
{
    private bool isOver;

    /// <summary>Bytes that it has taken of the budget; guarded by the budget.</summary>
    internal long Bytes { get; set; }

    /// <summary>It goes on beyond the budget; guarded by the budget.</summary>
    internal bool IsBeyond { get; set; }

    /// <returns>False when there is no room for so many bytes now.</returns>
    public bool TryGrowTo(long bytes) => bytes <= Bytes || budget.TryTake(this, bytes - Bytes);

    /// <summary>Waits for room for so many bytes.</summary>
    /// <returns>False when there was none in time, or it is stopped.</returns>
    public ValueTask<bool> GrowToAsync(long bytes, TimeSpan atMost, CancellationToken stop) =>
        TryGrowTo(bytes) ? ValueTask.FromResult(true) : new ValueTask<bool>(budget.TakeAsync(this, bytes - Bytes, atMost, stop));

    /// <summary>The rest is free for others.</summary>
    public void ShrinkTo(long bytes)
    {
        if (!IsBeyond && bytes < Bytes)
            budget.Return(this, Bytes - bytes);
    }

    public void Dispose()
    {
        if (isOver)
            return;
        isOver = true;
        if (Bytes > 0 || IsBeyond)
            budget.Return(this, Bytes);
    }
}
