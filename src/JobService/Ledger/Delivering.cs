using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Creates the events for receivers, in the transaction in which the job or batch ends.</summary>
internal static class Delivering
{
    public static void Announce(Turn turn, JobId job, JobState state) =>
        turn.Changes.Add(new DeliveryChange.JobAnnounced(NextId(turn, job), job.Stamp, DeliveryTypes.Of(state), turn.Now));

    public static void Announce(Turn turn, BatchRow batch)
    {
        var ending = new BatchEnding(batch.FinishedAt!.Value, batch.Total, batch.Succeeded, batch.Failed, batch.Cancelled, batch.CancelReason);
        turn.Changes.Add(new DeliveryChange.BatchAnnounced(NextId(turn, batch.Id), batch.Id.Stamp, DeliveryTypes.BatchFinished, turn.Now, ColumnJson.Write(ending)));
    }

    /// <summary>A number of its own, and the inverted salt of the subject: no delivery has the id of its subject.</summary>
    private static JobId NextId(Turn turn, JobId subject)
    {
        var memory = turn.Memory;
        memory.LastDelivery = Math.Max(memory.LastDelivery + 1, turn.NowTime.ToUnixTimeMilliseconds() << JobId.CounterBits);
        return JobId.FromParts(memory.LastDelivery, ~subject.Salt);
    }
}
