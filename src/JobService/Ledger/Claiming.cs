using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>Queued to running: the planner decides, the rows follow.</summary>
internal static class Claiming
{
    /// <summary>How late an alarm is counted to be at least: one tick of a kernel at 250 Hz, and some.</summary>
    public const long LeastAlarm = 6 * TimeSpan.TicksPerMillisecond;

    /// <summary>At most, on a busy machine.</summary>
    public const long MostAlarm = 40 * TimeSpan.TicksPerMillisecond;

    /// <summary>Slots of so much time are handed out in one round: more would save turns, and leave less to hand out again when a slot is given up.</summary>
    private static readonly TimeSpan OneRound = TimeSpan.FromMilliseconds(5);

    /// <summary>No slot was ever handed out farther ahead.</summary>
    public static TimeSpan FarthestSlot { get; } = new TimeSpan(CommitTimes.Most + MostAlarm) + OneRound;

    /// <summary>Takes up which calls have started late. Before all else of a turn: what a call has cost is put right where the call stands.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="request">Knows whom to ask.</param>
    /// <param name="times">Learn how long the last claims took to get there.</param>
    /// <returns>All starts before this moment are known.</returns>
    public static long TakeStarts(Turn turn, ClaimRequest request, CommitTimes times)
    {
        if (request.TakeStarts() is not { } made)
            return turn.Now;
        if (made.HandOver > TimeSpan.Zero)
            times.Add(made.HandOver.Ticks);
        foreach (var (lease, countsAt) in made.Late)
        {
            if (!turn.Memory.Running.TryGetValue(lease, out var running) || running.Hold is not { } hold)
                continue;
            turn.Memory.Planner.Postpone(hold, running.Key, countsAt.UtcTicks);
            running.StartedAt = countsAt.UtcTicks;
            turn.Touch(hold, running.Key);
        }

        return made.At.UtcTicks;
    }

    /// <param name="turn">The turn, its claims last.</param>
    /// <param name="startsKnown">All starts before this moment are known.</param>
    /// <param name="now">The moment of planning.</param>
    /// <param name="lead">How long it may take until the claims have come to where their slots are waited for.</param>
    /// <param name="alarm">How late the next alarm may come.</param>
    /// <param name="most">Jobs of one queue, at most.</param>
    /// <param name="request">The pending claim, and where permits come from.</param>
    public static List<ClaimedJob> Claim(Turn turn, long startsKnown, long now, long lead, long alarm, int most, ClaimRequest request)
    {
        var claimed = new List<ClaimedJob>();
        Locking.OfferFree(turn);
        var asides = new Asides(turn);
        turn.Memory.Planner.Run(new PlanRound
        {
            Now = now,
            EarliestSlot = now + lead,
            Horizon = now + lead + alarm + OneRound.Ticks,
            WakeAhead = lead + alarm,
            MaxStarts = most,
            TakePermits = request.Take,
            ReturnPermits = request.Return,
            Heads = asides.Heads,
            GoesAside = head => asides.Take((QueuedRow)head),
            Claim = start => claimed.Add(Claim(turn, startsKnown, start)),
        });
        asides.ComeBack();
        return claimed;
    }

    private static ClaimedJob Claim(Turn turn, long startsKnown, PlannedStart start)
    {
        var queue = turn.Memory.FindQueue(start.Queue)!;
        var row = (QueuedRow)start.Head;
        var lease = turn.Leases.Next();
        var startsAt = start.Slot ?? start.PermitAt ?? turn.Now;
        if (!turn.Jobs.Claim(row.Stamp, lease, startsAt))
            throw new InvalidOperationException($"Job {row.Id} stood in its lane and was not queued.");

        queue.Move(JobState.Queued, JobState.Running);
        queue.Starts.Count(turn.Now);
        var definition = queue.Entry.Definition;
        turn.Memory.Running.Add(lease, new RunningJob(row.Id, queue, row.Key, startsAt, start.Hold) { ClaimedAt = turn.Now, Lock = row.Lock, Batch = row.Batch, Attempt = row.Attempt + 1, HasCallback = row.HasCallback });
        turn.Events?.Add(StoreEvent.OfJob(row.Id, start.Queue, row.Key, JobState.Running, row.Attempt + 1, Watching.BatchOf(turn, row.Batch)));
        if (row.Lock is not null)
            turn.Memory.Locks.Take(row.Lock, lease);
        turn.Touch(start.Hold, row.Key);

        return new ClaimedJob
        {
            Id = row.Id,
            Lease = lease,
            Queue = queue.Entry,
            Key = row.Key,
            Weight = row.Weight,
            Attempt = row.Attempt + 1,
            Failures = row.Failures,
            MaxAttempts = row.MaxAttempts ?? definition.Retry.MaxAttempts,
            Timeout = row.TimeoutMs is { } timeout ? TimeSpan.FromMilliseconds(timeout) : TimeSpan.FromSeconds(definition.TimeoutSeconds),
            ThrottledSince = row.ThrottledSince is { } since ? new DateTimeOffset(since, TimeSpan.Zero) : null,
            StartBefore = row.StartBefore is { } deadline ? new DateTimeOffset(deadline, TimeSpan.Zero) : null,
            PermitAt = start.PermitAt is { } permitAt ? new DateTimeOffset(permitAt, TimeSpan.Zero) : null,
            Slot = start.Slot is { } at ? new Slot(new DateTimeOffset(at, TimeSpan.Zero), start.Window, start.Delay) : null,
            Rates = start.Rates,
            PlannedAt = new DateTimeOffset(startsKnown, TimeSpan.Zero),
            UnreadBytes = row.UnreadBytes,
            Payload = row.Payload,
            Request = StoredRequest.Of(row.RequestJson, row.RequestBody),
            HoldsLimits = start.Hold is { EndsWithTheCall: true },
        };
    }
}
