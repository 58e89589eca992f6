namespace JobService.Limits;

/// <summary>Calls at once: counts what is held, by weight.</summary>
public sealed class ConcurrencyLimit(ConcurrencyDefinition definition) : LimitState(definition)
{
    /// <summary>Weight of the calls that hold the limit.</summary>
    public long Held { get; private set; }

    public override bool HandsOutSlots => false;

    /// <summary>Unbounded: a late start does not matter to the limit.</summary>
    public override TimeSpan StartWindow => TimeSpan.MaxValue;

    private protected override long OwnRestsAt => Held > 0 ? Never : 0;

    /// <summary>Never below zero: an extra return (after a crash, for example) must not create permits beyond the configured ones.</summary>
    public override void Return(int weight) => Held = Math.Max(0, Held - weight);

    public override long Taken(long now) => Held;

    protected override long OwnEarliestAt(long from, int weight) => OwnEarliestAfter(from, 0, weight);

    protected override long OwnEarliestAfter(long from, long ahead, int weight)
    {
        var together = Held + ahead + weight;
        if (together > Definition.Permits)
            return Never;

        // A job that is heavier than a slowed-down limit runs alone; otherwise it would never start.
        return Learned is null || together == weight ? from : Math.Max(from, Learned.AllowedFrom(together, Definition.Permits));
    }

    protected override void OwnTake(long at, int weight) => Held += weight;

    protected override long OwnAvailable(long now) => (Learned?.Reduced(Definition.Permits, now) ?? Definition.Permits) - Held;

    private protected override void OwnRecount(long at, int before, int after) => Held = Math.Max(0, Held - before) + after;

    /// <summary>With fewer permits than are held, nothing is revoked; the limit allows calls again when enough have been returned.</summary>
    private protected override bool Adopt(LimitDefinition definition, long now)
    {
        if (definition is not ConcurrencyDefinition)
            return false;

        Definition = definition;
        return true;
    }
}
