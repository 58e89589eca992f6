using JobService.Limits;

namespace JobService.Ledger;

/// <summary>What becomes of what limits have handed out and learned: one row a state, and for windows the log of their starts.</summary>
internal abstract record LimitStateChange : Change
{
    private LimitStateChange(string limit) => Limit = limit;

    public string Limit { get; }

    internal interface IWriter
    {
        int Write(Put change);

        int Write(Logged change);

        int Write(AllDeleted change);

        int Write(Deleted change);

        int Write(StartDeleted change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.LimitStates);

    protected abstract int WriteTo(IWriter writer);

    public sealed record Put(string Limit, string Key, StoredLimit State) : LimitStateChange(Limit)
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The log of a window goes on.</summary>
    /// <param name="Limit">The limit.</param>
    /// <param name="Key">The key; empty when it is not of one.</param>
    /// <param name="Starts">Moments whose weight has changed: the weight now, 0 for none.</param>
    /// <param name="OldestNeeded">What lies before this moment is history.</param>
    public sealed record Logged(string Limit, string Key, IReadOnlyList<(long At, int Weight)> Starts, long OldestNeeded) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The limit is gone, or what it had handed out says nothing any more.</summary>
    public sealed record AllDeleted(string Limit) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>A state that has come to rest.</summary>
    public sealed record Deleted(string Limit, string Key) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>A start that is history.</summary>
    public sealed record StartDeleted(string Limit, string Key, long At) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
