using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Reads queues, limits, and what the limits have handed out and learned.</summary>
internal interface IDefinitionRows
{
    List<LimitRow> Limits();

    List<QueueRow> Queues();

    /// <summary>The highest number of any queue, including deleted ones.</summary>
    long LastQueue();

    List<(long QueueId, string Key, StoredLane Learned)> Lanes();

    IEnumerable<(string Limit, string Key, StoredLimit State)> States();

    IEnumerable<(string Limit, string Key, long At, int Weight)> Starts();
}
