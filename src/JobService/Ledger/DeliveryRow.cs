using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A delivery, as far as rules look at it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Subject">Row number of the job or the batch.</param>
/// <param name="Origin">The receiver.</param>
/// <param name="State">Where it stands.</param>
/// <param name="NextAt">When it is sent, while it is pending.</param>
internal sealed record DeliveryRow(JobId Id, long Subject, string Origin, DeliveryState State, long? NextAt)
{
    /// <summary>A try ends as it was taken: one that was asked for again meanwhile stays pending. What has arrived has arrived, though.</summary>
    public bool IsSettledBy(DeliveryTry ended) => State switch
    {
        DeliveryState.Pending => NextAt == ended.Pending.At.UtcTicks,
        DeliveryState.Disabled => ended.State == DeliveryState.Delivered,
        _ => false,
    };
}
