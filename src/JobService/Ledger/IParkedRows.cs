namespace JobService.Ledger;

/// <summary>Signals, and queued jobs that are in no lane: those in the wait queue of a lock, and those that wait for a signal.</summary>
internal interface IParkedRows
{
    List<(string Lock, (long QueueId, string Key) Lane, int Count)> LockQueues();

    List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals();
}
