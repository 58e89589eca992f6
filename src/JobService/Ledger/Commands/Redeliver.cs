using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Requests a delivery again.</summary>
internal sealed record Redeliver(JobId Subject, JobId Delivery) : Command<bool>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Deliveries.Add(Delivery.Stamp);

    public override bool Apply(Turn turn)
    {
        if (turn.Fetched.Delivery(Delivery.Stamp) is not { } delivery || delivery.Id != Delivery || delivery.Subject != Subject.Stamp)
            return false;
        turn.Changes.Add(new DeliveryChange.Redelivered(Delivery.Stamp, turn.Now));
        turn.Changes.Add(new DeliveryChange.UrlEnabled(Subject.Stamp));
        turn.DueReceivers.Add(delivery.Origin);
        return true;
    }
}
