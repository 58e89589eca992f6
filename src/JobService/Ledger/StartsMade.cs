namespace JobService.Ledger;

/// <summary>Starts that have come later than their slots, as a node tells them when the next slots are handed out.</summary>
/// <param name="At">All starts before this moment have been told.</param>
/// <param name="Late">Those since the last time.</param>
/// <param name="HandOver">How long it took at most, since the last time, from the planning of a slot until it was known where it is waited for.</param>
public readonly record struct StartsMade(DateTimeOffset At, IReadOnlyList<LateStart> Late, TimeSpan HandOver = default);

/// <summary>A call that has started behind its slot.</summary>
/// <param name="Lease">Of its attempt.</param>
/// <param name="CountsAt">The moment that its limits are to count: later than the slot, and before the start by no more than the slot's window; behind the start when its API may have counted it later.</param>
public readonly record struct LateStart(long Lease, DateTimeOffset CountsAt);

/// <summary>Asked on the store's own thread before slots are handed out.</summary>
public delegate StartsMade TakeStarts();
