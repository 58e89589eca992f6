using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>Claims jobs: the planner decides which ones start, and their rows change accordingly.</summary>
internal static class Claiming
{
    /// <summary>The least delay of an alarm that is assumed: a little more than one tick of a kernel at 250 Hz.</summary>
    public const long LeastAlarm = 6 * TimeSpan.TicksPerMillisecond;

    /// <summary>The greatest one, on a busy machine.</summary>
    public const long MostAlarm = 40 * TimeSpan.TicksPerMillisecond;

    /// <summary>The time span whose slots are handed out in one round: a longer one would save turns, but fewer slots that are given up could be handed out again.</summary>
    private static readonly TimeSpan OneRound = TimeSpan.FromMilliseconds(5);

    /// <summary>No slot is ever handed out farther ahead.</summary>
    public static TimeSpan FarthestSlot { get; } = new TimeSpan(DelayEstimate.Most + MostAlarm) + OneRound;

    /// <summary>Applies the late starts that the claim reports. Before anything else in the turn, so that the cost of a call is corrected at its actual time.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="claim">The pending claim: it reports them again in each turn while it waits, which has no further effect.</param>
    /// <param name="times">Measures how long the last claims took to reach the slot clock.</param>
    public static void TakeStarts(Turn turn, PendingClaim claim, DelayEstimate times)
    {
        var request = claim.Newest;
        claim.Known = request.Number;
        if (request.Starts.HandOver > claim.HandOverCounted)
            times.Add((claim.HandOverCounted = request.Starts.HandOver).Ticks);
        foreach (var (lease, countsAt) in request.Starts.Late)
        {
            if (!turn.Memory.Running.TryGetValue(lease, out var running) || countsAt.UtcTicks <= running.Hold.At)
                continue;
            turn.Memory.Planner.Postpone(running.Hold, running.Key, countsAt.UtcTicks);
            running.StartedAt = countsAt.UtcTicks;
            turn.Touch(running.Hold, running.Key);
        }
    }

    /// <param name="turn">The turn, its claims last.</param>
    /// <param name="now">The moment of planning.</param>
    /// <param name="lead">How long it may take until the slot clock waits for the slots of the claims.</param>
    /// <param name="alarm">How late the next alarm may come.</param>
    /// <param name="most">Jobs of one queue, at most.</param>
    /// <param name="permits">The permits that the semaphores of the queues offer.</param>
    public static Claims Claim(Turn turn, long now, long lead, long alarm, int most, IReadOnlyDictionary<string, Permits> permits)
    {
        var claims = new Claims(now);
        Locking.OfferFree(turn);
        var heads = new RoundHeads(turn);
        turn.Memory.Planner.Run(new PlanRound
        {
            Now = now,
            EarliestSlot = now + lead,
            Horizon = now + lead + alarm + OneRound.Ticks,
            WakeAhead = lead + alarm,
            MaxStarts = most,
            Permits = permits,
            Expect = heads.Expect,
            First = heads.First,
            JoinsLockQueue = head => heads.MoveToLockQueue((QueuedRow)head),
            Claim = start => Claim(turn, start, claims),
        });
        heads.ReturnSkippedLanes();
        return claims;
    }

    private static void Claim(Turn turn, in PlannedStart start, Claims claims)
    {
        var queue = turn.Memory.FindQueue(start.Queue)!;
        var job = (QueuedRow)start.Head;
        var lease = turn.Leases.Next();
        var startsAt = start.Slot ?? start.PermitAt ?? turn.Now;
        turn.Changes.Add(new JobChange.Claimed(job.Stamp, lease, startsAt));
        turn.Memory.Heads.Leave(job);
        queue.Move(JobState.Queued, JobState.Running);
        queue.Starts.Count(turn.Now);
        var running = new RunningJob(job, queue, startsAt, start.Hold) { ClaimedAt = turn.Now };
        turn.Memory.Running.Add(lease, running);
        turn.Events?.Add(StoreEvent.OfJob(job.Id, start.Queue, job.Key, JobState.Running, running.Attempt, job.Batch ?? default));
        if (job.Lock is not null)
            turn.Memory.Locks.Take(job.Lock, lease);
        turn.Touch(start.Hold, job.Key);
        claims.Add(start, running, lease);
    }
}
