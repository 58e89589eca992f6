using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>A pending claim: tried in every turn until one is claimed.</summary>
internal sealed class ClaimRequest(TakePermits takePermits, ReturnPermits returnPermits, TakeStarts? takeStarts = null)
{
    private readonly TaskCompletionSource<IReadOnlyList<ClaimedJob>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, (int Free, int Promised)> taken = [];

    public Task<IReadOnlyList<ClaimedJob>> Answer => answer.Task;

    /// <summary>Nobody wants the jobs any more; guarded by the writer's gate.</summary>
    public bool Withdrawn { get; set; }

    public Permits Take(string queue, int atMost, long? until)
    {
        var permits = takePermits(queue, atMost, until);
        var (free, promised) = taken.GetValueOrDefault(queue);
        taken[queue] = (free + permits.Free, promised + permits.Expected.Count);
        return permits;
    }

    public StartsMade? TakeStarts() => takeStarts?.Invoke();

    public void Return(string queue, int free, int promised)
    {
        var before = taken[queue];
        taken[queue] = (before.Free - free, before.Promised - promised);
        returnPermits(queue, free, promised);
    }

    /// <summary>The turn was rolled back: no claimed job owns a permit.</summary>
    public void ReturnAll()
    {
        foreach (var (queue, (free, promised)) in taken)
        {
            if (free + promised > 0)
                returnPermits(queue, free, promised);
        }

        taken.Clear();
    }

    public void Complete(IReadOnlyList<ClaimedJob> claimed) => answer.TrySetResult(claimed);
}
