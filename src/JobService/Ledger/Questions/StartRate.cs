namespace JobService.Ledger.Questions;

/// <summary>Jobs of a queue that have lately started in a second; 0 when there is none of the name.</summary>
internal sealed record StartRate(string Queue) : Question<double>
{
    public override double Answer(LedgerMemory memory, long now) => memory.FindQueue(Queue)?.Starts.PerSecond(now) ?? 0;
}
