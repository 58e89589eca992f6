namespace JobService.Ledger;

/// <summary>Starts that have come later than their slots, as a node tells them when the next slots are handed out: again, until it knows that they were heard.</summary>
/// <param name="Late">Those of which it does not know that.</param>
/// <param name="HandOver">How long it took at most, in the claims of late, from the planning of a slot until it was known where it is waited for.</param>
public readonly record struct StartsMade(IReadOnlyList<LateStart> Late, TimeSpan HandOver = default)
{
    /// <summary>All calls have started in their slots.</summary>
    public static StartsMade None { get; } = new([]);
}

/// <summary>A call that has started behind its slot.</summary>
/// <param name="Lease">Of its attempt.</param>
/// <param name="CountsAt">The moment that its limits are to count: later than the slot, and before the start by no more than the slot's window; after the start when its API may have counted it later.</param>
public readonly record struct LateStart(long Lease, DateTimeOffset CountsAt);
