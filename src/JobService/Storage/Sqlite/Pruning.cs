using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>Finished to gone, oldest first, in bites.</summary>
internal static class Pruning
{
    public static int Prune(SqliteTurn turn, long finishedBefore, int atMost)
    {
        // A job that ended before that moment was made before it: the row number, which begins with the time, bounds the search.
        var newest = new DateTimeOffset(finishedBefore, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
        var old = turn.Prunes.Old(newest, finishedBefore, atMost);
        foreach (var (stamp, queueId, state) in old)
        {
            turn.Prunes.Delete(stamp);
            turn.Memory.FindQueue(queueId)?.Leave(state);
        }

        return old.Count;
    }
}
