using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>A delivery that is over is made once more, by request.</summary>
internal sealed record Redeliver(JobId Subject, JobId Delivery) : Command<bool>
{
    public override bool Apply(Turn turn)
    {
        if (turn.Deliveries.Redeliver(Subject, Delivery, turn.Now) is not { } origin)
            return false;
        turn.Deliveries.EnableUrlOf(Subject);
        turn.DueReceivers.Add(origin);
        return true;
    }
}
