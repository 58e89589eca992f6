using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Ends become events that receivers are told of, in the transaction of the end.</summary>
internal static class Delivering
{
    public static void Announce(Turn turn, JobId job, JobState state) =>
        Expect(turn, turn.Deliveries.InsertJobEvent(NextId(turn, job), job.Stamp, DeliveryTypes.Of(state), turn.Now));

    public static void Announce(Turn turn, BatchRow batch)
    {
        var ending = new BatchEnding(batch.FinishedAt!.Value, batch.Total, batch.Succeeded, batch.Failed, batch.Cancelled, batch.CancelReason);
        Expect(turn, turn.Deliveries.InsertEvent(NextId(turn, batch.Id), batch.Id.Stamp, DeliveryTypes.BatchFinished, turn.Now, ColumnJson.Write(ending)));
    }

    /// <param name="turn">The turn.</param>
    /// <param name="origin">The receiver; null when it wants no more.</param>
    private static void Expect(Turn turn, string? origin)
    {
        if (origin is not null)
            turn.DueReceivers.Add(origin);
    }

    /// <summary>A number of its own, and the subject's chance turned over: no delivery has the id of its subject.</summary>
    private static JobId NextId(Turn turn, JobId subject)
    {
        var memory = turn.Memory;
        memory.LastDelivery = Math.Max(memory.LastDelivery + 1, turn.NowTime.ToUnixTimeMilliseconds() << JobId.CounterBits);
        return JobId.FromParts(memory.LastDelivery, ~subject.Salt);
    }
}
