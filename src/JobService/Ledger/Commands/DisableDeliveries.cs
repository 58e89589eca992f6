namespace JobService.Ledger.Commands;

/// <summary>Disables pending deliveries, because their receiver has responded with 410.</summary>
/// <param name="Deliveries">Their row numbers.</param>
internal sealed record DisableDeliveries(IReadOnlyList<long> Deliveries) : Command<int>
{
    public override int Apply(Turn turn)
    {
        foreach (var delivery in Deliveries)
            turn.Changes.Add(new DeliveryChange.Disabled(delivery));
        return Deliveries.Count;
    }
}
