namespace JobService.Ledger;

/// <summary>A question that the memory of the ledger can answer, as a value. It reads no rows and changes nothing.</summary>
/// <typeparam name="T">The result.</typeparam>
internal abstract record Question<T>
{
    /// <param name="memory">The memory, between two turns or in one.</param>
    /// <param name="now">Ticks of store time.</param>
    public abstract T Answer(LedgerMemory memory, long now);
}
