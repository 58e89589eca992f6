namespace JobService.Ledger;

/// <summary>Late starts, which a node reports with its claims, before the next slots are handed out: each is reported until the store has confirmed it.</summary>
/// <param name="Late">The late starts that are not confirmed.</param>
/// <param name="HandOver">The longest recent time from the planning of a slot until the slot clock waited for it.</param>
public readonly record struct StartsMade(IReadOnlyList<LateStart> Late, TimeSpan HandOver = default)
{
    /// <summary>No late starts.</summary>
    public static StartsMade None { get; } = new([]);
}

/// <summary>A call that has started after its slot.</summary>
/// <param name="Lease">Of its attempt.</param>
/// <param name="CountsAt">The time at which its limits count it: later than the slot, and at most the slot's window before the start; after the start if its API may have counted it later.</param>
public readonly record struct LateStart(long Lease, DateTimeOffset CountsAt);
