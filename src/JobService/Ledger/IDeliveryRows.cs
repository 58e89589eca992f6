using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Callbacks and their deliveries: what the writer changes of them.</summary>
internal interface IDeliveryRows
{
    void InsertCallback(long subject, Callback callback);

    /// <summary>An event with the job's row and error as its ending.</summary>
    /// <returns>The receiver that is to be told now; null when it wants no more.</returns>
    string? InsertJobEvent(JobId id, long job, string type, long now);

    /// <returns>The receiver that is to be told now; null when it wants no more.</returns>
    string? InsertEvent(JobId id, long subject, string type, long now, string ending);

    /// <returns>True when it stands as the try says; false when it was asked for again or deleted meanwhile.</returns>
    bool FinishTry(DeliveryTry ended);

    void DisableUrlOf(JobId delivery, long now);

    void EnableUrlOf(JobId subject);

    /// <summary>Without effect when its address has been enabled again.</summary>
    void Disable(long delivery);

    /// <returns>The receiver; null when the subject has no such delivery.</returns>
    string? Redeliver(JobId subject, JobId delivery, long now);

    /// <summary>The highest number of any delivery.</summary>
    long Last();

    void Delete(long subject);

    void EnableOld(long before);
}
