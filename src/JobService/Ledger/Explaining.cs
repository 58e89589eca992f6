using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>A queued job, with everything that determines why it waits.</summary>
/// <param name="Failures">Its failures so far, those before anything was sent included.</param>
/// <param name="Parked">Its column <c>parked</c>.</param>
/// <param name="Position">Jobs that go before it in its lane or in the wait queue of its lock, as far as they were counted.</param>
/// <param name="Ahead">What those take; known if the position is known.</param>
internal readonly record struct WaitingJob(
    string Queue, string Key, int Weight, IReadOnlyDictionary<string, int>? Weights, int Failures, long? DueAt, long? Parked, int? Position = null, JobsAhead? Ahead = null);

/// <summary>Explains why a queued job waits, from its own row and the state of its lane.</summary>
internal static class Explaining
{
    public static Waiting Wait(LanePlanner planner, in WaitingJob job, long now)
    {
        var stand = planner.Explain(job.Queue, job.Key, job.Weight, job.Weights, job.Ahead, now);
        if (stand.Reason == WaitReason.Paused)
            return new Waiting(WaitReason.Paused, Position: job.Parked == Parked.InLane ? job.Position : null);
        if (job.DueAt is { } due)
            return new Waiting(job.Failures == 0 ? WaitReason.Time : WaitReason.Retry, Until: new DateTimeOffset(due, TimeSpan.Zero));
        if (job.Parked is { } place)
            return place == Parked.InLockQueue ? new Waiting(WaitReason.Lock, Position: job.Position) : new Waiting(WaitReason.Signal);
        return new Waiting(stand.Reason, stand.Limit, stand.Until is { } until ? new DateTimeOffset(until, TimeSpan.Zero) : null, job.Position);
    }
}
