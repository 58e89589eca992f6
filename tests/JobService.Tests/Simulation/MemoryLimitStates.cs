using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>What the limits have handed out and learned, and for windows the log of their starts.</summary>
internal sealed class MemoryLimitStates(MemoryDatabase database) : LimitStateChange.IWriter
{
    public int Write(LimitStateChange.Put change) => database.States.Put((change.Limit, change.Key), change);

    public int Write(LimitStateChange.Logged change)
    {
        foreach (var (at, weight) in change.Starts)
        {
            if (weight > 0)
                database.Starts.Put((change.Limit, change.Key, at), new StoredStart(change.Limit, change.Key, at, weight));
            else
                database.Starts.Delete((change.Limit, change.Key, at));
        }

        var old = database.StartsBy.Of((change.Limit, change.Key)).TakeWhile(start => start.Rank < change.OldestNeeded).ToList();
        return old.Sum(start => database.Starts.Delete((change.Limit, change.Key, start.Rank)));
    }

    public int Write(LimitStateChange.AllDeleted change)
    {
        database.States.DeleteAll((state, _) => state.Limit == change.Limit);
        return database.Starts.DeleteAll((start, _) => start.Limit == change.Limit);
    }

    public int Write(LimitStateChange.Deleted change) => database.States.Delete((change.Limit, change.Key));

    public int Write(LimitStateChange.StartDeleted change) => database.Starts.Delete((change.Limit, change.Key, change.At));
}
