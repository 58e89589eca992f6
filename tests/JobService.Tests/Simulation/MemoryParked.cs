using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>Queued jobs that wait for a lock or a signal, and the signals.</summary>
internal sealed class MemoryParked(MemoryDatabase database) : IParkedRows, SignalChange.IWriter
{
    private readonly JobIndexes by = database.JobsBy;

    /// <summary>The first job of a lock's wait queue, or of those of one lane in it; null when there is none.</summary>
    public JobRow? First(LockQuery query)
    {
        var places = query.Lane is var (queueId, key) ? by.LockedLanes.Of((query.Name, queueId, key)) : by.Locked.Of(query.Name);
        return places.Count == 0 ? null : database.Jobs.Find(places[0].Stamp)!.Row;
    }

    public List<(string Lock, (long QueueId, string Key) Lane, int Count)> LockQueues() => [.. by.LockedLanes.All
        .OrderBy(lane => lane.Key.Lock, StringComparer.Ordinal).ThenBy(lane => lane.Key.QueueId).ThenBy(lane => lane.Key.Key, StringComparer.Ordinal)
        .Select(lane => (lane.Key.Lock, (lane.Key.QueueId, lane.Key.Key), lane.Value.Count))];

    public void FetchReleased(Fetched fetched, IReadOnlyList<(string Name, long SetCount)> releasing)
    {
        var left = Wanted.MostDue;
        foreach (var (name, setCount) in releasing)
        {
            if (left == 0)
                break;
            var jobs = Waiting(name, setCount).Take(left).ToList();
            jobs.ForEach(job => fetched.PutJob(job, database.Jobs.Find(job)!.Row));
            fetched.Released.Add(new ReleasedJobs(name, setCount, jobs, jobs.Count < left));
            left -= jobs.Count;
        }
    }

    public List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals() => [.. database.Signals.Rows
        .OrderBy(signal => signal.Name, StringComparer.Ordinal)
        .Select(signal => (signal.Name, signal.SetCount, signal.SetAt, Waiting(signal.Name, signal.SetCount).Any()))];

    public int Write(SignalChange.Put change) => database.Signals.Put(change.Name, change);

    public int Write(SignalChange.Deleted change) => database.Signals.Delete(change.Name);

    private IEnumerable<long> Waiting(string signal, long setCount) => by.Signalled.Of(signal).TakeWhile(place => place.Rank <= setCount).Select(place => place.Stamp);
}
