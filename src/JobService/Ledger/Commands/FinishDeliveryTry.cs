using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Stores how a try ended, only if the delivery still waits for it.</summary>
internal sealed record FinishDeliveryTry(DeliveryTry Ended) : Command<bool>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Deliveries.Add(Ended.Pending.Id.Stamp);

    /// <returns>True when the receiver has responded with 410: its other pending deliveries have to be disabled.</returns>
    public override bool Apply(Turn turn)
    {
        var stamp = Ended.Pending.Id.Stamp;
        if (turn.Fetched.Delivery(stamp) is not { } delivery)
            return false; // deleted meanwhile
        turn.Changes.Add(new DeliveryChange.Tried(Ended));
        if (!delivery.IsSettledBy(Ended))
            return false; // requested again meanwhile
        turn.Changes.Add(new DeliveryChange.Settled(stamp, Ended.State, Ended.NextAt?.UtcTicks));
        if (Ended.State != DeliveryState.Disabled)
            return false;
        turn.Changes.Add(new DeliveryChange.UrlDisabled(stamp, turn.Now));
        return true;
    }
}
