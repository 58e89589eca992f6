using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The part of a delivery that the rules need.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Subject">Row number of the job or the batch.</param>
/// <param name="Origin">The receiver.</param>
/// <param name="State">Its state.</param>
/// <param name="NextAt">When it is sent, while it is pending.</param>
internal sealed record DeliveryRow(JobId Id, long Subject, string Origin, DeliveryState State, long? NextAt)
{
    /// <summary>Whether a try still applies: not if the delivery was requested again meanwhile, unless it was delivered.</summary>
    public bool IsSettledBy(DeliveryTry ended) => State switch
    {
        DeliveryState.Pending => NextAt == ended.Pending.At.UtcTicks,
        DeliveryState.Disabled => ended.State == DeliveryState.Delivered,
        _ => false,
    };
}
