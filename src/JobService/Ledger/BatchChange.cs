namespace JobService.Ledger;

/// <summary>What becomes of a batch's own row.</summary>
internal abstract record BatchChange : Change
{
    private BatchChange()
    {
    }

    internal interface IWriter
    {
        int Write(Inserted change);

        int Write(Counted change);

        int Write(Deleted change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Batches);

    protected abstract int WriteTo(IWriter writer);

    /// <summary>Nothing to open, and without a job: all that never changes of it.</summary>
    public sealed record Inserted(BatchRow Batch) : BatchChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>As the turn leaves it: all that changes of it.</summary>
    public sealed record Counted(BatchRow Batch) : BatchChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Its jobs are gone, and so is it.</summary>
    public sealed record Deleted(long Stamp, string? Idempotency) : BatchChange
    {
        public override void ApplyTo(Fetched fetched) => fetched.PutBatch(Stamp, row: null);

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
