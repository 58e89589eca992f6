using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>What the rules read of jobs.</summary>
internal interface IJobRows : ILaneRows
{
    (byte[] Fingerprint, JobId Job)? FindIdempotency(string key);

    /// <summary>What these jobs send, in their order: one question for all of them.</summary>
    List<ClaimedInput> Inputs(IReadOnlyList<long> stamps);

    JobRow? Find(long stamp);

    List<long> Running();

    /// <summary>The lanes in which jobs stand that may go. Of long ones the beginning is counted: their jobs are counted behind the start.</summary>
    IEnumerable<LaneFound> Lanes();

    /// <summary>Whose moment of store time has come.</summary>
    List<QueuedRow> Due(long now, int atMost);

    /// <summary>Whose moment of the machine's clock has come.</summary>
    List<QueuedRow> DueOnWall(long wall, int atMost);

    long? NextDue();

    long? NextDueOnWall();

    List<long> Late(long wall, int atMost);

    long? NextDeadline();
}
