namespace JobService.Ledger;

/// <summary>A change of a signal.</summary>
internal abstract record SignalChange : Change
{
    private SignalChange()
    {
    }

    internal interface IWriter
    {
        int Write(Put change);

        int Write(Deleted change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Signals);

    protected abstract int WriteTo(IWriter writer);

    public sealed record Put(string Name, long SetCount, long? SetAt) : SignalChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record Deleted(string Name) : SignalChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
