using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Queues, limits and what the limits have handed out.</summary>
internal interface IDefinitionRows
{
    List<LimitRow> Limits();

    List<QueueRow> Queues();

    void Put(LimitEntry entry, string? declared);

    long Put(QueueEntry entry, string? declared);

    void DeleteLimit(string name);

    /// <summary>The row stays for the finished jobs that name it; a PUT of the same name takes it up again.</summary>
    void RetireQueue(long id);

    /// <summary>Counts what a queue of the same name has left behind.</summary>
    QueueRow Count(QueueRow queue);

    void WriteCounts(QueueRow queue);

    void PutLane(long queueId, string key, StoredLane learned);

    /// <summary>The pause of one key, or of all, is lifted.</summary>
    void ResumeLanes(long queueId, string? key);

    List<(long QueueId, string Key, StoredLane Learned)> Lanes(long now);

    /// <summary>Notes that the file is open at this moment: whether it can be written is known only by writing.</summary>
    void ProbeWrite(long now);
}
