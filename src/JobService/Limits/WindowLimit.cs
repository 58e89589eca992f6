namespace JobService.Limits;

/// <summary>Never more in any window: the exact log of what started when.</summary>
public sealed class WindowLimit(WindowDefinition definition) : LimitState(definition)
{
    public override bool HandsOutSlots => true;

    public override TimeSpan StartWindow => throw new NotSupportedException("Not yet.");

    /// <summary>Moments whose weight differs from what was last stored: the weight now, 0 for none.</summary>
    /// <remarks>Empties the list.</remarks>
    public IReadOnlyList<(long At, int Weight)> TakeChanges() => throw new NotSupportedException("Not yet.");

    /// <summary>Nothing before this moment matters any more: stored entries may be deleted.</summary>
    public long OldestNeeded => throw new NotSupportedException("Not yet.");

    /// <summary>Takes up one stored entry; in the order of the moments.</summary>
    public void RestoreStart(long at, int weight) => throw new NotSupportedException("Not yet.");

    protected override long OwnEarliestAt(long from, int weight) => throw new NotSupportedException("Not yet.");

    protected override void OwnTake(long at, int weight) => throw new NotSupportedException("Not yet.");

    public override bool Reconfigure(LimitDefinition definition, long now) => throw new NotSupportedException("Not yet.");

    public override long Taken(long now) => throw new NotSupportedException("Not yet.");

    public override long Available(long now) => throw new NotSupportedException("Not yet.");
}
