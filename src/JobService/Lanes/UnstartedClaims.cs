namespace JobService.Lanes;

/// <summary>Claims in a row that came back without a call. Whatever keeps them from starting: they are made ever more rarely until one starts, and nothing spins.</summary>
/// <param name="Rounds">Claims in a row; those that were in hand together count as one.</param>
/// <param name="At">When the last round was counted.</param>
internal readonly record struct UnstartedClaims(int Rounds, long At)
{
    /// <summary>A slot is missed now and then, and a refusal is heard of while claims are in hand: that costs nothing.</summary>
    private const int FreeRounds = 3;

    private const int Doublings = 8;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Time to wait before the next claim: none for three rounds, then 20 ms, doubled each time up to 5 s.</summary>
    public TimeSpan Wait => Rounds <= FreeRounds ? TimeSpan.Zero : First * (1 << Math.Min(Rounds - FreeRounds - 1, Doublings)) is var wait && wait < Longest ? wait : Longest;

    /// <summary>It has come to the longest wait: somebody should know.</summary>
    public bool IsWorthTelling => Rounds == FreeRounds + 1 + Doublings;

    public UnstartedClaims After(long claimedAt, long now) => claimedAt < At ? this : new UnstartedClaims(Rounds + 1, now);
}
