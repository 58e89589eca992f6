namespace JobService.Jobs;

/// <summary>A memory budget: the bytes that may be in memory at once for one purpose. First come, first served: a smaller request does not overtake one that waits.</summary>
/// <remarks>
/// Holders grow while they read, so two of them could deadlock. Therefore the first of those that wait may exceed the budget until its
/// end: memory is bounded by the budget plus the largest single holder.
/// </remarks>
/// <param name="total">Bytes for all holders together.</param>
/// <param name="time">Measures how long a holder waits.</param>
public sealed class ByteBudget(long total, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> waiting = [];
    private long taken;
    private ByteReservation? beyond;

    /// <summary>Bytes reserved now, without those of the holder that exceeds the budget.</summary>
    public long Taken
    {
        get
        {
            lock (gate)
                return taken;
        }
    }

    internal bool TryTake(ByteReservation reservation, long bytes)
    {
        lock (gate)
            return waiting.Count == 0 ? Grant(reservation, bytes) : reservation.IsBeyond;
    }

    internal async Task<bool> TakeAsync(ByteReservation reservation, long bytes, TimeSpan atMost, CancellationToken stop)
    {
        LinkedListNode<Waiting> place;
        lock (gate)
        {
            if (waiting.Count == 0 && Grant(reservation, bytes))
                return true;
            place = waiting.AddLast(new Waiting(reservation, bytes));
            GrantNext();
        }

        using var patience = new CancellationTokenSource(atMost == Timeout.InfiniteTimeSpan || atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        await using (either.Token.UnsafeRegister(_ => Withdraw(place), null))
            return await place.Value.Granted.Task;
    }

    internal void Return(ByteReservation reservation, long bytes)
    {
        lock (gate)
        {
            taken -= bytes;
            reservation.Bytes -= bytes;
            if (reservation == beyond && reservation.Bytes == 0)
                beyond = null;
            GrantNext();
        }
    }

    private void GrantNext()
    {
        while (waiting.First is { Value: var first } && Grant(first.Reservation, first.Bytes, mayGoBeyond: true))
        {
            waiting.RemoveFirst();
            first.Granted.TrySetResult(true);
        }
    }

    private bool Grant(ByteReservation reservation, long bytes, bool mayGoBeyond = false)
    {
        if (reservation.IsBeyond)
            return true;
        if (taken + bytes <= total)
        {
            taken += bytes;
            reservation.Bytes += bytes;
            return true;
        }

        if (!mayGoBeyond || beyond is not null)
            return false;
        (beyond, reservation.IsBeyond) = (reservation, true);
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

    private sealed record Waiting(ByteReservation Reservation, long Bytes)
    {
        public TaskCompletionSource<bool> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The reservation of one holder: a request, an upload or a response. Not thread-safe.</summary>
public sealed class ByteReservation(ByteBudget budget) : IDisposable
{
    private bool isOver;

    /// <summary>Bytes that it has reserved; guarded by the budget.</summary>
    internal long Bytes { get; set; }

    /// <summary>Whether it exceeds the budget; guarded by the budget.</summary>
    internal bool IsBeyond { get; set; }

    /// <returns>False when that many bytes are not free now.</returns>
    public bool TryGrowTo(long bytes) => bytes <= Bytes || budget.TryTake(this, bytes - Bytes);

    /// <summary>Waits until that many bytes are free.</summary>
    /// <returns>False when they did not become free in time, or the wait was cancelled.</returns>
    public ValueTask<bool> GrowToAsync(long bytes, TimeSpan atMost, CancellationToken stop) =>
        TryGrowTo(bytes) ? ValueTask.FromResult(true) : new ValueTask<bool>(budget.TakeAsync(this, bytes - Bytes, atMost, stop));

    /// <summary>Releases the rest.</summary>
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
