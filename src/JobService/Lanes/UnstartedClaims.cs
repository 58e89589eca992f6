namespace JobService.Lanes;

/// <summary>Consecutive claims that were returned without a call. Whatever prevents the start, claims become ever rarer until one starts, so that nothing spins.</summary>
/// <param name="Rounds">Consecutive claims; concurrent ones count as one.</param>
/// <param name="At">When the last round was counted.</param>
internal readonly record struct UnstartedClaims(int Rounds, long At)
{
    /// <summary>Rounds without a penalty: a slot is missed now and then, and a refusal may arrive while claims are in progress.</summary>
    private const int FreeRounds = 3;

    private const int Doublings = 8;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Time to wait before the next claim: none for three rounds, then 20 ms, doubled each time up to 5 s.</summary>
    public TimeSpan Wait => Rounds <= FreeRounds ? TimeSpan.Zero : First * (1 << Math.Min(Rounds - FreeRounds - 1, Doublings)) is var wait && wait < Longest ? wait : Longest;

    /// <summary>The longest wait is reached, which is worth logging.</summary>
    public bool IsWorthTelling => Rounds == FreeRounds + 1 + Doublings;

    public UnstartedClaims After(long claimedAt, long now) => claimedAt < At ? this : new UnstartedClaims(Rounds + 1, now);
}
