namespace JobService.Ledger;

/// <summary>What becomes of the row that store time goes on from, and of what was counted from it.</summary>
internal abstract record ClockChange : Change
{
    private ClockChange()
    {
    }

    internal interface IWriter
    {
        int Write(Put change);

        int Write(Moved change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Clock);

    protected abstract int WriteTo(IWriter writer);

    public sealed record Put(StoredClock Clock) : ClockChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Store time jumps: what limits, waits and retries have counted from it lies as far from the new time as from the old.</summary>
    public sealed record Moved(long Ticks) : ClockChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
