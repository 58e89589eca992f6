using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>The permits that a node offers, and its late starts. A value: the store plans with it without calling the node.</summary>
/// <param name="Number">Increases with each request of the node, including renewed ones.</param>
/// <param name="CatalogRevision">The <see cref="Catalog.Revision"/> that it is based on.</param>
/// <param name="Permits">The permits that the semaphore of each queue offers, by name; a queue that is not listed offers none.</param>
/// <param name="Starts">Starts that came late.</param>
public sealed record ClaimRequest(long Number, long CatalogRevision, IReadOnlyDictionary<string, Permits> Permits, StartsMade Starts);

/// <summary>The claimed jobs. Each uses a free permit of those that its queue has offered, or, if it has a <see cref="ClaimedJob.PermitAt"/>, the permit expected at that time.</summary>
/// <param name="Known">The <see cref="ClaimRequest.Number"/> of the request whose late starts were known when the slots were handed out; 0 when nothing was claimed.</param>
/// <param name="Jobs">Empty when the wait has ended without a claim: the catalog has changed since the offer, or the node stops.</param>
public sealed record ClaimResult(long Known, IReadOnlyList<ClaimedJob> Jobs)
{
    public static ClaimResult Nothing { get; } = new(0, []);
}

/// <summary>A claim that waits for jobs: tried in every turn until one is claimed.</summary>
internal sealed class PendingClaim(ClaimRequest request)
{
    private readonly TaskCompletionSource<ClaimResult> completion = new();
    private ClaimRequest newest = request;

    public Task<ClaimResult> Completion => completion.Task;

    /// <summary>The current offer of the node: it may be replaced at any time, even during a turn.</summary>
    public ClaimRequest Newest
    {
        get => Volatile.Read(ref newest);
        set => Volatile.Write(ref newest, value);
    }

    /// <summary>The request whose late starts the current turn knows.</summary>
    public long Known { get; set; }

    /// <summary>The longest hand-over counted so far: renewed requests report it again.</summary>
    public TimeSpan HandOverCounted { get; set; }

    /// <summary>The node no longer wants the jobs; guarded by the writer's lock.</summary>
    public bool Withdrawn { get; set; }

    /// <summary>The node continues on the thread that calls this.</summary>
    public void Complete(IReadOnlyList<ClaimedJob> claimed) => completion.TrySetResult(claimed.Count == 0 ? ClaimResult.Nothing : new ClaimResult(Known, claimed));
}
