namespace JobService.Ledger;

/// <summary>What the rules read of batches, and of the places of jobs in them.</summary>
internal interface IBatchRows
{
    BatchRow? Find(long stamp);

    /// <summary>Jobs of a batch in their order, in whatever state.</summary>
    List<(long Index, long Job)> From(long batch, long index, int atMost);

    List<long> Open();

    List<long> Stopping();
}
