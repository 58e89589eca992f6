namespace JobService.Ledger;

/// <summary>Reads batches, and the places of jobs in them.</summary>
internal interface IBatchRows
{
    List<long> Open();

    List<long> Stopping();
}
