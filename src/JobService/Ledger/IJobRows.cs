using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>The transitions of <see cref="JobState"/>: each is made only from the states that it may be made from.</summary>
internal interface IJobRows
{
    void Insert(NewRow row, long queueId, long now, long? dueAt, long? parked);

    /// <param name="id">The job or the batch that was submitted with the key.</param>
    void Remember(IdempotencyKey idempotency, JobId id);

    (byte[] Fingerprint, JobId Job)? FindIdempotency(string key);

    /// <summary>Jobs that may go, of each lane in their order: the lanes in theirs, one question for all of them.</summary>
    List<List<QueuedRow>> Heads(IReadOnlyList<LaneLook> lanes);

    /// <summary>What these jobs send, in their order: one question for all of them.</summary>
    List<ClaimedInput> Inputs(IReadOnlyList<long> stamps);

    bool Claim(long stamp, long lease, long startedAt);

    bool Succeed(long stamp, long lease, long startedAt, long endedAt, JobResult result);

    bool Fail(long stamp, long lease, long? startedAt, long endedAt, bool undoAttempt);

    /// <summary>Running to cancelled.</summary>
    bool Stop(long stamp, long lease, long? startedAt, long endedAt, bool undoAttempt, CancelReason reason);

    /// <summary>Running to queued.</summary>
    /// <param name="throttle">What becomes of the moment since which the API has been saying "not now".</param>
    bool Requeue(long stamp, long lease, long? startedAt, long now, long? dueAt, bool countFailure, bool undoAttempt, ThrottleMark throttle, long? parked);

    void WriteError(long stamp, JobError error);

    void WriteAttempt(long stamp, int number, long startedAt, long endedAt, int? status, string outcome);

    JobRow? Find(long stamp);

    bool CancelQueued(long stamp, long now, CancelReason reason);

    void TellToStop(long stamp, CancelReason reason);

    /// <summary>Failed or cancelled to queued. A deadline that has passed once is lifted.</summary>
    bool Reopen(long stamp, long wall, long? parked);

    void LetGo(long stamp, long? parked);

    List<long> Running();

    List<(long QueueId, string Key, int Jobs)> Lanes();

    /// <summary>Whose moment of store time has come.</summary>
    List<QueuedRow> Due(long now, int atMost);

    /// <summary>Whose moment of the machine's clock has come.</summary>
    List<QueuedRow> DueOnWall(long wall, int atMost);

    long? NextDue();

    long? NextDueOnWall();

    List<long> Late(long wall, int atMost);

    long? NextDeadline();
}
