using JobService.Jobs;

namespace JobService.Ledger.Questions;

/// <summary>The jobs of a queue by state; null when there is no such queue.</summary>
internal sealed record JobCounts(string Queue) : Question<QueueCounts?>
{
    public override QueueCounts? Answer(LedgerMemory memory, long now) =>
        memory.FindQueue(Queue) is { Counts: [var queued, var running, var succeeded, var failed, var cancelled] }
            ? new QueueCounts(queued, running, succeeded, failed, cancelled)
            : null;
}
