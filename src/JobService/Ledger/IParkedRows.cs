namespace JobService.Ledger;

/// <summary>Queued jobs that stand in no lane: in the line of their lock, or waiting for a signal. And the signals.</summary>
internal interface IParkedRows
{
    QueuedRow FirstOfLine(string name);

    QueuedRow FirstOfLane(string name, (long QueueId, string Key) lane);

    List<(string Lock, (long QueueId, string Key) Lane, int Count)> Lines();

    /// <summary>Jobs whose signal has been set since they came, those who came first before others.</summary>
    List<QueuedRow> Released(string signal, long setCount, int atMost);

    bool IsWaitedFor(string signal);

    List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals();
}
