using System.Text;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>Jobs, what is kept of their ends, and idempotency keys.</summary>
internal sealed class MemoryJobs(MemoryDatabase database) : IJobRows, JobChange.IWriter
{
    private readonly JobIndexes by = database.JobsBy;

    public (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? FindKey(string key) => database.Keys.Find(key) is not { } stored
        ? null
        : (stored.Key.Fingerprint, JobId.FromParts(stored.Stamp, (database.Jobs.Find(stored.Stamp)?.Row.Id ?? database.Batches.Find(stored.Stamp)?.Id)?.Salt ?? 0));

    public List<List<QueuedRow>> Heads(IReadOnlyList<LaneLook> lanes) => [.. lanes.Select(lane =>
        by.Ready.Behind((lane.QueueId, lane.Key), lane.Behind is { } last ? (-last.Priority, last.Stamp) : (long.MinValue, 0))
            .Take(lane.AtMost).Select(place => database.Jobs.Find(place.Stamp)!.Row.Job).ToList())];

    public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps) => [.. stamps.Select(Input)];

    public List<long> Running() => Stamps(by.Running.Of(default));

    public IEnumerable<LaneFound> Lanes() => by.Ready.All
        .Where(lane => !database.Queues.Find(lane.Key.QueueId)!.IsRetired)
        .OrderBy(lane => lane.Key.QueueId).ThenBy(lane => lane.Key.Key, StringComparer.Ordinal)
        .Select(lane => new LaneFound(lane.Key.QueueId, lane.Key.Key, lane.Value.Count, IsCounted: true));

    public long? NextDue() => Next(by.Due.Of(false), long.MinValue);

    public long? NextDueOnWall() => Next(by.Due.Of(true), long.MinValue);

    public long? NextDeadline() => Next(by.Deadlines.Of(default), long.MinValue);

    public void FetchDue(Fetched fetched, long now, long wall)
    {
        var onWall = Until(by.Due.Of(true), wall, Wanted.MostDue);
        var left = Wanted.MostDue - onWall.Count;
        var ofStore = Until(by.Due.Of(false), now, left);
        fetched.Due.AddRange(Put(fetched, onWall));
        fetched.Due.AddRange(Put(fetched, ofStore));
        fetched.NextDue = (
            ofStore.Count == left ? now : Next(by.Due.Of(false), now) ?? LedgerMemory.Never,
            left == 0 ? wall : Next(by.Due.Of(true), wall) ?? LedgerMemory.Never);
    }

    public void FetchLate(Fetched fetched, long wall)
    {
        var late = Until(by.Deadlines.Of(default), wall, Wanted.MostDue);
        fetched.Late.AddRange(Put(fetched, late));
        fetched.NextDeadline = late.Count == Wanted.MostDue ? wall : Next(by.Deadlines.Of(default), wall) ?? LedgerMemory.Never;
    }

    public int Write(JobChange.Inserted change)
    {
        var job = change.Row.Job;
        database.Jobs.Insert(change.Stamp, new StoredJob(change.Of(row: null)!, change.Row, change.Now) { IsDueOnWall = change.DueAt is not null && !job.IsDelay });
        return job.Idempotency is { } key ? Remember(key, change.Stamp) : 1;
    }

    public int Write(JobChange.Remembered change) => Remember(change.Key, change.Stamp);

    public int Write(JobChange.Claimed change) => Move(change, row => row is { State: JobState.Queued, DueAt: null, Parked: null });

    public int Write(JobChange.Succeeded change)
    {
        var rows = End(change, change.Lease, change.EndedAt);
        return rows == 0 ? 0 : database.Results.Put(change.Stamp, change.Result);
    }

    public int Write(JobChange.Failed change) => End(change, change.Lease, change.EndedAt);

    public int Write(JobChange.Stopped change) => End(change, change.Lease, change.EndedAt);

    public int Write(JobChange.Requeued change) => Move(change, row => row.Lease == change.Lease, static stored => stored with { IsDueOnWall = false });

    public int Write(JobChange.ErrorWritten change) => database.Errors.Put(change.Stamp, change.Error);

    public int Write(JobChange.AttemptWritten change) => database.Attempts.Put((change.Stamp, change.Number), change);

    public int Write(JobChange.Cancelled change) =>
        Move(change, row => row.State == JobState.Queued, stored => stored with { FinishedAt = change.Now, IsDueOnWall = false });

    public int Write(JobChange.ToldToStop change) => Move(change, row => row.State == JobState.Running);

    public int Write(JobChange.Reopened change) => Move(
        change,
        row => row.State is JobState.Failed or JobState.Cancelled,
        static stored => stored with { FinishedAt = null, Completion = null, IsDueOnWall = false });

    public int Write(JobChange.CameDue change) => Move(change, row => row.State == JobState.Queued, static stored => stored with { IsDueOnWall = false });

    public int Write(JobChange.Placed change) => Move(change, row => row.State == JobState.Queued);

    public int Write(JobChange.Numbered change) => Move(change, _ => true, stored => stored with { Completion = change.Completion });

    public int Write(JobChange.Deleted change)
    {
        if (database.Jobs.Find(change.Stamp)?.Submitted.Job.Idempotency is { } key)
            database.Keys.Delete(key.Key);
        for (var number = database.Jobs.Find(change.Stamp)?.Row.Attempt ?? 0; number > 0; number--)
            database.Attempts.Delete((change.Stamp, number));
        database.Errors.Delete(change.Stamp);
        database.Results.Delete(change.Stamp);
        return database.Jobs.Delete(change.Stamp);
    }

    private int Remember(IdempotencyKey key, long stamp) => database.Keys.Insert(key.Key, new StoredKey(key, stamp));

    /// <summary>Only the attempt that still holds the lease may end.</summary>
    private int End(JobChange change, long lease, long endedAt) => Move(change, row => row.Lease == lease, stored => stored with { FinishedAt = endedAt });

    /// <param name="change">What the rules make of the row.</param>
    /// <param name="condition">From where it may be made.</param>
    /// <param name="rest">The columns that no rule looks at.</param>
    private int Move(JobChange change, Func<JobRow, bool> condition, Func<StoredJob, StoredJob>? rest = null) => database.Jobs.Update(change.Stamp, stored =>
        condition(stored.Row) ? (rest?.Invoke(stored) ?? stored) with { Row = change.Of(stored.Row)! } : null);

    private ClaimedInput Input(long stamp)
    {
        var submitted = database.Jobs.Find(stamp)!.Submitted;
        var (payload, request) = (submitted.Job.Payload ?? default, StoredRequest.Of(submitted.RequestJson, submitted.Job.Request?.Body?.ToArray()));
        var bytes = payload.Length + (request is null ? 0 : Encoding.UTF8.GetByteCount(request.Json) + (request.Body?.Length ?? 0));
        return bytes > ClaimedJob.MaxReadBytes ? new ClaimedInput(default, Request: null, bytes) : new ClaimedInput(payload, request, UnreadBytes: 0);
    }

    private List<JobRow> Until(IReadOnlyList<(long Rank, long Stamp)> places, long moment, int atMost) =>
        [.. places.TakeWhile(place => place.Rank <= moment).Take(atMost).Select(place => database.Jobs.Find(place.Stamp)!.Row)];

    private static long? Next(IReadOnlyList<(long Rank, long Stamp)> places, long moment)
    {
        foreach (var (rank, _) in places)
        {
            if (rank > moment)
                return rank;
        }

        return null;
    }

    private static IEnumerable<long> Put(Fetched fetched, List<JobRow> jobs)
    {
        jobs.ForEach(job => fetched.PutJob(job.Id.Stamp, job));
        return jobs.Select(job => job.Id.Stamp);
    }

    private static List<long> Stamps(IReadOnlyList<(long Rank, long Stamp)> places) => [.. places.Select(place => place.Stamp)];
}
