using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>The jobs that a turn has claimed: handed out after its commit, with what they send.</summary>
/// <param name="plannedAt">When their slots were handed out.</param>
internal sealed class Claims(long plannedAt)
{
    private readonly List<(PlannedStart Start, RunningJob Running, long Lease)> starts = [];

    public static Claims None { get; } = new(plannedAt: 0);

    public int Count => starts.Count;

    public void Add(in PlannedStart start, RunningJob running, long lease) => starts.Add((start, running, lease));

    /// <summary>After the commit of the turn. What is sent is still in memory for jobs that were added in the same turn; for the others it is read at once.</summary>
    public List<ClaimedJob> HandOut(Turn turn, ILedgerRows rows)
    {
        if (starts.Count == 0)
            return [];
        var added = Added(turn);
        var elsewhere = starts.Select(start => start.Running.Job.Stamp).Where(stamp => !added.ContainsKey(stamp)).ToList();
        using var read = (elsewhere.Count > 0 ? rows.Inputs(elsewhere) : []).GetEnumerator();
        return starts.ConvertAll(start => added.TryGetValue(start.Running.Job.Stamp, out var row) ? HandOut(start, ClaimedInput.Of(row)) : HandOut(start, read.MoveNext() ? read.Current : ClaimedInput.Unread));
    }

    /// <summary>What they send could not be read: each attempt reads it itself.</summary>
    public List<ClaimedJob> HandOutUnread() => starts.ConvertAll(start => HandOut(start, ClaimedInput.Unread));

    private Dictionary<long, NewRow> Added(Turn turn)
    {
        var claimed = starts.Select(start => start.Running.Job.Stamp).ToHashSet();
        return turn.Changes.All.OfType<JobChange.Inserted>().Where(change => claimed.Contains(change.Stamp)).ToDictionary(change => change.Stamp, change => change.Row);
    }

    private ClaimedJob HandOut(in (PlannedStart Start, RunningJob Running, long Lease) claim, in ClaimedInput input)
    {
        var (start, running, lease) = claim;
        var (job, definition) = (running.Job, running.Queue.Entry.Definition);
        return new ClaimedJob
        {
            Id = job.Id,
            Lease = lease,
            Queue = running.Queue.Entry,
            Key = job.Key,
            Weight = job.Weight,
            Attempt = running.Attempt,
            Failures = job.Failures,
            MaxAttempts = job.MaxAttempts ?? definition.Retry.MaxAttempts,
            Timeout = job.TimeoutMs is { } timeout ? TimeSpan.FromMilliseconds(timeout) : TimeSpan.FromSeconds(definition.TimeoutSeconds),
            ThrottledSince = job.ThrottledSince is { } since ? new DateTimeOffset(since, TimeSpan.Zero) : null,
            StartBefore = job.StartBefore is { } deadline ? new DateTimeOffset(deadline, TimeSpan.Zero) : null,
            PermitAt = start.PermitAt is { } permitAt ? new DateTimeOffset(permitAt, TimeSpan.Zero) : null,
            Slot = start.Slot is { } at ? new Slot(new DateTimeOffset(at, TimeSpan.Zero), start.Window, start.Delay) : null,
            Rates = start.Rates,
            PlannedAt = new DateTimeOffset(plannedAt, TimeSpan.Zero),
            KnowsStartsUntil = new DateTimeOffset(plannedAt, TimeSpan.Zero),
            UnreadBytes = input.UnreadBytes,
            Payload = input.Payload,
            Request = input.Request,
            HoldsLimits = start.Hold is { EndsWithTheCall: true },
        };
    }
}
