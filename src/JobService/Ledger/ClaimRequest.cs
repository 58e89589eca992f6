using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>What a node offers for jobs, and tells with it. A value: nothing of the node runs when the store plans with it.</summary>
/// <param name="Number">Counts up with each request of the node, renewed ones among them.</param>
/// <param name="CatalogRevision">The <see cref="Catalog.Revision"/> it was made for.</param>
/// <param name="Permits">What the semaphore of each queue offers, by name; a queue that is not named offers nothing.</param>
/// <param name="Starts">Starts that came late.</param>
public sealed record ClaimRequest(long Number, long CatalogRevision, IReadOnlyDictionary<string, Permits> Permits, StartsMade Starts);

/// <summary>What was claimed. A job uses a free permit of those that its queue has offered, or, where it has a <see cref="ClaimedJob.PermitAt"/>, the one that was expected then.</summary>
/// <param name="Known">The <see cref="ClaimRequest.Number"/> of the request whose late starts were known when the slots were handed out; 0 when nothing was claimed.</param>
/// <param name="Jobs">None when the waiting has ended without a claim: the catalog has changed since the offer, or the node stops.</param>
public sealed record ClaimResult(long Known, IReadOnlyList<ClaimedJob> Jobs)
{
    public static ClaimResult Nothing { get; } = new(0, []);
}

/// <summary>A claim that waits for jobs: tried in every turn until one is claimed.</summary>
internal sealed class PendingClaim(ClaimRequest request)
{
    private readonly TaskCompletionSource<ClaimResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClaimRequest newest = request;

    public Task<ClaimResult> Completion => completion.Task;

    /// <summary>What the node offers by now: it may be replaced at any time, also in the middle of a turn.</summary>
    public ClaimRequest Newest
    {
        get => Volatile.Read(ref newest);
        set => Volatile.Write(ref newest, value);
    }

    /// <summary>The request whose starts the present turn knows.</summary>
    public long Known { get; set; }

    /// <summary>The longest hand-over that was counted: requests that are renewed tell it again.</summary>
    public TimeSpan HandOverCounted { get; set; }

    /// <summary>Nobody wants the jobs any more; guarded by the writer's gate.</summary>
    public bool Withdrawn { get; set; }

    public void Complete(IReadOnlyList<ClaimedJob> claimed) => completion.TrySetResult(claimed.Count == 0 ? ClaimResult.Nothing : new ClaimResult(Known, claimed));
}
