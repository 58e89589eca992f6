using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger.Questions;

/// <summary>Why queued jobs wait: for each in its order, null when its queue is gone.</summary>
internal sealed record WhyTheyWait(IReadOnlyList<WaitingJob> Jobs) : Question<IReadOnlyList<Waiting?>>
{
    public override IReadOnlyList<Waiting?> Answer(LedgerMemory memory, long now) =>
        [.. Jobs.Select(job => memory.FindQueue(job.Queue) is null ? null : Explaining.Wait(memory.Planner, job, now))];
}
