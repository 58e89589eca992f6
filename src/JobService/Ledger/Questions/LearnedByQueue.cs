using JobService.Jobs;

namespace JobService.Ledger.Questions;

/// <summary>What the lanes of a queue have learned; null when nothing that still counts.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Key">Of one key; null for all.</param>
internal sealed record LearnedByQueue(string Name, string? Key) : Question<QueueLearned?>
{
    public override QueueLearned? Answer(LedgerMemory memory, long now) =>
        memory.FindQueue(Name) is not null && memory.Planner.LearnedInLanes(Name, Key, now) is { Count: > 0 } lanes
            ? new QueueLearned(lanes.Count, lanes.Max(lane => lane.PausedUntil) is { } until ? At(until) : null, lanes.Min(lane => lane.Pace))
            {
                Remaining = lanes.Min(lane => lane.Remaining),
                RemainingUntil = lanes.MinBy(lane => lane.Remaining ?? long.MaxValue).RemainingUntil is { } end ? At(end) : null,
            }
            : null;

    private static DateTimeOffset At(long moment) => new(moment, TimeSpan.Zero);
}
