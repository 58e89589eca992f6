namespace JobService.Ledger;

/// <summary>Reads deliveries.</summary>
internal interface IDeliveryRows
{
    /// <summary>The highest number of any delivery.</summary>
    long Last();
}
