using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>A receiver was told, or was not: written only where the delivery still waits for this try.</summary>
internal sealed record FinishDeliveryTry(DeliveryTry Ended) : Command<bool>
{
    /// <returns>True when the receiver wants no more: what waits for it is to be disabled.</returns>
    public override bool Apply(Turn turn)
    {
        var isSettled = turn.Deliveries.FinishTry(Ended);
        if (!isSettled || Ended.State != DeliveryState.Disabled)
            return false;
        turn.Deliveries.DisableUrlOf(Ended.Pending.Id, turn.Now);
        return true;
    }
}
