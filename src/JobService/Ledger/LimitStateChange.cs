using JobService.Limits;

namespace JobService.Ledger;

/// <summary>A change of what limits have handed out and learned: one row per state, and for windows the log of starts.</summary>
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

    /// <summary>Updates the log of a window.</summary>
    /// <param name="Limit">The limit.</param>
    /// <param name="Key">The key; empty for a shared limit.</param>
    /// <param name="Starts">Times whose weight has changed, with the new weight; 0 for none.</param>
    /// <param name="OldestNeeded">Entries before this time may be deleted.</param>
    public sealed record Logged(string Limit, string Key, IReadOnlyList<(long At, int Weight)> Starts, long OldestNeeded) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The limit was deleted, or what it had handed out is no longer meaningful.</summary>
    public sealed record AllDeleted(string Limit) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Deletes an idle state.</summary>
    public sealed record Deleted(string Limit, string Key) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Deletes a start that no longer counts.</summary>
    public sealed record StartDeleted(string Limit, string Key, long At) : LimitStateChange(Limit)
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
