namespace JobService.Ledger;

/// <summary>Which signals are set, and which still have jobs to release. Owned by the writer thread; all of it follows from the rows.</summary>
internal sealed class SignalTable
{
    private readonly Dictionary<string, (long SetCount, long? SetAt)> signals = [];
    private readonly HashSet<string> releasing = [];

    /// <summary>Signals that were set and whose waiting jobs are not all released yet.</summary>
    public IReadOnlyCollection<string> Releasing => releasing;

    /// <summary>Null when the signal is set: no job waits. Otherwise the count of settings at which the job is released.</summary>
    public long? WaitFor(string name)
    {
        var (setCount, setAt) = signals.GetValueOrDefault(name);
        return setAt is null ? setCount + 1 : null;
    }

    public (long SetCount, long? SetAt) this[string name]
    {
        get => signals.GetValueOrDefault(name);
        set => signals[name] = value;
    }

    public void Restore(string name, long setCount, long? setAt, bool isReleasing)
    {
        signals.Add(name, (setCount, setAt));
        if (isReleasing)
            releasing.Add(name);
    }

    public void Forget(string name) => signals.Remove(name);

    public void BeginRelease(string name) => releasing.Add(name);

    public void EndRelease(string name) => releasing.Remove(name);
}
