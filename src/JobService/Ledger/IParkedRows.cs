namespace JobService.Ledger;

/// <summary>Queued jobs that stand in no lane: in the line of their lock, or waiting for a signal. And the signals.</summary>
internal interface IParkedRows
{
    List<(string Lock, (long QueueId, string Key) Lane, int Count)> Lines();

    List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals();
}
