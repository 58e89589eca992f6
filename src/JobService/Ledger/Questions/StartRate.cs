namespace JobService.Ledger.Questions;

/// <summary>Recent starts per second of a queue; 0 when there is no such queue.</summary>
internal sealed record StartRate(string Queue) : Question<double>
{
    public override double Answer(LedgerMemory memory, long now) => memory.FindQueue(Queue)?.Starts.PerSecond(now) ?? 0;
}
