namespace JobService.Ledger;

/// <summary>What the rules read of batches, and of the places of jobs in them.</summary>
internal interface IBatchRows
{
    BatchRow? Find(long stamp);

    List<long> Open();

    List<long> Stopping();
}
