namespace JobService.Ledger;

/// <summary>A change of the stored clock, or of everything computed from it.</summary>
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

    /// <summary>Store time jumps: everything that limits, waits and retries have computed from it moves by the same distance.</summary>
    public sealed record Moved(long Ticks) : ClockChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
