using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>What becomes of queues, limits, and what the lanes of queues have learned.</summary>
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

    /// <param name="Id">Of the row that has the name, or of none.</param>
    /// <param name="Entry">What it is from now on.</param>
    /// <param name="Declared">What the configuration last said.</param>
    public sealed record QueuePut(long Id, QueueEntry Entry, string? Declared) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The row stays for the finished jobs that name it; a PUT of the same name takes it up again.</summary>
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

    /// <summary>What was learned of one key, or of all, is lifted.</summary>
    public sealed record LanesLifted(long QueueId, string? Key) : DefinitionChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>What was learned says nothing any more.</summary>
    public sealed record LanesForgotten(long Now) : DefinitionChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Notes that the store is open at this moment: whether it can be written is known only by writing.</summary>
    public sealed record Probed(long Now) : DefinitionChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
