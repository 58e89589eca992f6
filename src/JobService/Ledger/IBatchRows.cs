using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Batches, and the places of jobs in them.</summary>
internal interface IBatchRows
{
    void Insert(BatchRow batch);

    BatchRow? Find(long stamp);

    void Write(BatchRow batch);

    /// <summary>Gives the end of a job its number.</summary>
    void Number(long job, long completion);

    /// <summary>Jobs of a batch in their order, in whatever state.</summary>
    List<(long Index, long Job)> From(long batch, long index, int atMost);

    List<long> Open();

    List<long> Stopping();
}
