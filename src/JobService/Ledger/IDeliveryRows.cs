namespace JobService.Ledger;

/// <summary>What is loaded of deliveries.</summary>
internal interface IDeliveryRows
{
    /// <summary>The highest number of any delivery.</summary>
    long Last();
}
