namespace JobService.Limits;

/// <summary>Calls at once: counts what is held, by weight.</summary>
public sealed class ConcurrencyLimit(ConcurrencyDefinition definition) : LimitState(definition)
{
    /// <summary>Weight of the calls that hold the limit.</summary>
    public long Held { get; private set; }

    public override bool HandsOutSlots => false;

    /// <summary>No bound: a late start holds the limit all the same.</summary>
    public override TimeSpan StartWindow => TimeSpan.MaxValue;

    protected override long OwnEarliestAt(long from, int weight) => Held + weight > Definition.Permits ? Never : from;

    protected override void OwnTake(long at, int weight) => Held += weight;

    /// <summary>Never below zero: a return too many (after a crash, say) must not turn into permits that nobody configured.</summary>
    public override void Return(int weight) => Held = Math.Max(0, Held - weight);

    /// <summary>Fewer permits than are held take nothing away; the limit allows again when enough have come back.</summary>
    public override bool Reconfigure(LimitDefinition definition, long now)
    {
        if (definition is not ConcurrencyDefinition)
            return false;

        Definition = definition;
        return true;
    }

    public override long Taken(long now) => Held;

    public override long Available(long now) => PausedUntil > now ? 0 : Math.Max(0, Definition.Permits - Held);
}
