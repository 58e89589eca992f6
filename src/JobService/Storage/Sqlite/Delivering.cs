using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>Ends become events that receivers are told of, in the transaction of the end.</summary>
internal static class Delivering
{
    public static void Announce(SqliteTurn turn, JobId job, JobState state)
    {
        var origin = turn.Deliveries.InsertEvent(NextId(turn, job), job.Stamp, DeliveryTypes.Of(state), turn.Now);
        if (origin is not null)
            turn.DueReceivers.Add(origin);
    }

    /// <returns>True when the receiver wants no more: what waits for it is to be disabled.</returns>
    public static bool FinishTry(SqliteTurn turn, DeliveryTry ended)
    {
        var isSettled = turn.Deliveries.FinishTry(ended);
        if (!isSettled || ended.State != DeliveryState.Disabled)
            return false;
        turn.Deliveries.DisableUrlOf(ended.Pending.Id, turn.Now);
        return true;
    }

    public static int Disable(SqliteTurn turn, IReadOnlyList<long> deliveries)
    {
        foreach (var delivery in deliveries)
            turn.Deliveries.Disable(delivery);
        return deliveries.Count;
    }

    public static bool Redeliver(SqliteTurn turn, JobId subject, JobId delivery)
    {
        if (turn.Deliveries.Redeliver(subject, delivery, turn.Now) is not { } origin)
            return false;
        turn.Deliveries.EnableUrlOf(subject);
        turn.DueReceivers.Add(origin);
        return true;
    }

    /// <summary>A number of its own, and the subject's chance turned over: no delivery has the id of its subject.</summary>
    private static JobId NextId(SqliteTurn turn, JobId subject)
    {
        var memory = turn.Memory;
        memory.LastDelivery = Math.Max(memory.LastDelivery + 1, turn.NowTime.ToUnixTimeMilliseconds() << JobId.CounterBits);
        return JobId.FromParts(memory.LastDelivery, ~subject.Salt);
    }
}
