namespace JobService.Limits;

/// <summary>Calls at once: counts what is held, by weight.</summary>
public sealed class ConcurrencyLimit(ConcurrencyDefinition definition) : LimitState(definition)
{
    /// <summary>Weight of the calls that hold the limit.</summary>
    public long Held { get; private set; }

    public override bool HandsOutSlots => false;

    /// <summary>No bound: a late start holds the limit all the same.</summary>
    public override TimeSpan StartWindow => TimeSpan.MaxValue;

    private protected override long OwnRestsAt => Held > 0 ? Never : 0;

    /// <summary>Never below zero: a return too many (after a crash, say) must not turn into permits that nobody configured.</summary>
    public override void Return(int weight) => Held = Math.Max(0, Held - weight);

    public override long Taken(long now) => Held;

    protected override long OwnEarliestAt(long from, int weight) => OwnEarliestAfter(from, 0, weight);

    protected override long OwnEarliestAfter(long from, long ahead, int weight)
    {
        var together = Held + ahead + weight;
        if (together > Definition.Permits)
            return Never;

        // What is heavier than a limit that was slowed down goes alone, or it would never go.
        return Learned is null || together == weight ? from : Math.Max(from, Learned.AllowedFrom(together, Definition.Permits));
    }

    protected override void OwnTake(long at, int weight) => Held += weight;

    protected override long OwnAvailable(long now) => (Learned?.Reduced(Definition.Permits, now) ?? Definition.Permits) - Held;

    private protected override void OwnRecount(long at, int before, int after) => Held = Math.Max(0, Held - before) + after;

    /// <summary>Fewer permits than are held take nothing away; the limit allows again when enough have come back.</summary>
    private protected override bool Adopt(LimitDefinition definition, long now)
    {
        if (definition is not ConcurrencyDefinition)
            return false;

        Definition = definition;
        return true;
    }
}
