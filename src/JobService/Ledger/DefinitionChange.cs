using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>A change of queues, limits, or what the lanes of queues have learned.</summary>
internal abstract record DefinitionChange : Change
{
    private DefinitionChange()
    {
    }

    internal interface IWriter
    {
        int Write(LimitPut change);

        int Write(LimitDeleted change);

        int Write(QueuePut change);

        int Write(QueueRetired change);

        int Write(QueueCounted change);

        int Write(LaneLearned change);

        int Write(LanesLifted change);

        int Write(LanesForgotten change);

        int Write(Probed change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Definitions);

    protected abstract int WriteTo(IWriter writer);

    public sealed record LimitPut(LimitEntry Entry, string? Declared) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record LimitDeleted(string Name) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <param name="Id">The row of that name, or a new one.</param>
    /// <param name="Entry">The new definition.</param>
    /// <param name="Declared">The definition last declared by the configuration.</param>
    public sealed record QueuePut(long Id, QueueEntry Entry, string? Declared) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The row stays for the finished jobs that refer to it; a PUT of the same name uses it again.</summary>
    public sealed record QueueRetired(long Id) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <param name="Id">The queue.</param>
    /// <param name="Jobs">Its jobs by <see cref="Jobs.JobState"/>.</param>
    public sealed record QueueCounted(long Id, IReadOnlyList<long> Jobs) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record LaneLearned(long QueueId, string Key, StoredLane Learned) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Clears what was learned about one key, or about all.</summary>
    public sealed record LanesLifted(long QueueId, string? Key) : DefinitionChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>What was learned has expired.</summary>
    public sealed record LanesForgotten(long Now) : DefinitionChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Records that the store is open: only a write shows whether it can be written.</summary>
    public sealed record Probed(long Now) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
