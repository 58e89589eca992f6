namespace JobService.Ledger;

/// <summary>A change of a batch's own row.</summary>
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

    /// <summary>Creates an open batch without jobs: the fields that never change.</summary>
    public sealed record Inserted(BatchRow Batch) : BatchChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The fields that change, as they are at the end of the turn.</summary>
    public sealed record Counted(BatchRow Batch) : BatchChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Deletes the batch after its jobs.</summary>
    public sealed record Deleted(long Stamp, string? Idempotency) : BatchChange
    {
        public override void ApplyTo(Fetched fetched) => fetched.PutBatch(Stamp, row: null);

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
