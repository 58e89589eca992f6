namespace JobService.Ledger;

/// <summary>Which signals are set, and which still have jobs to let go. Owned by the writer thread; all of it follows from the rows.</summary>
internal sealed class SignalTable
{
    private readonly Dictionary<string, (long SetCount, long? SetAt)> signals = [];
    private readonly HashSet<string> releasing = [];

    /// <summary>Signals that were set with jobs waiting which are not all let go yet.</summary>
    public IReadOnlyCollection<string> Releasing => releasing;

    /// <summary>Null when the signal is set: nobody waits. Otherwise how often it will have been set when the job may go.</summary>
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
