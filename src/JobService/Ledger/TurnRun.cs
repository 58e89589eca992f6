namespace JobService.Ledger;

/// <summary>Runs a whole turn in its fixed order, and measures how long claims take.</summary>
/// <remarks>It begins and commits nothing: the caller, which owns the rows, does that around it.</remarks>
/// <param name="now">Returns ticks of store time, which continue while a turn runs.</param>
internal sealed class TurnRun(Func<long> now)
{
    private readonly DelayEstimate commitDelay = new();
    private readonly DelayEstimate alarmDelay = new(Claiming.LeastAlarm, Claiming.MostAlarm);
    private readonly ClaimSize claimSize = new();
    private long plannedAt;

    /// <param name="turn">The turn.</param>
    /// <param name="commands">The commands and questions that have gathered.</param>
    /// <param name="claim">The pending claim, if there is one.</param>
    public Claims Run(Turn turn, List<PendingOperation> commands, PendingClaim? claim)
    {
        if (claim is not null)
            Claiming.TakeStarts(turn, claim, commitDelay);
        Fetch(turn, commands, isClaiming: claim is not null);
        foreach (var command in commands)
            command.Run(turn);
        Waking.Wake(turn);
        if (claim is null)
            return Claims.None;

        plannedAt = now(); // after the commands, which have taken time
        return Claiming.Claim(turn, plannedAt, commitDelay.Lead, alarmDelay.Lead, claimSize.Jobs, claim.Newest.Permits);
    }

    /// <summary>Runs questions and commands that need only the memory.</summary>
    public static void Answer(Turn turn, List<PendingOperation> questions)
    {
        turn.Fetch(Named(turn, questions));
        foreach (var question in questions)
            question.Run(turn);
        if (turn.Changes.Count > 0)
            throw new InvalidOperationException($"An operation that needs only the memory has changed rows: {turn.Changes.All[0].Kind}.");
    }

    /// <summary>Fetches the rows that a turn needs.</summary>
    /// <param name="turn">The turn, which has changed nothing yet.</param>
    /// <param name="commands">The commands of the turn.</param>
    /// <param name="isClaiming">Jobs are claimed after them.</param>
    private static void Fetch(Turn turn, List<PendingOperation> commands, bool isClaiming)
    {
        var wanted = Named(turn, commands);
        Waking.Want(turn, wanted);
        if (isClaiming)
        {
            Locking.Want(turn, wanted);
            turn.Memory.Heads.TakeLooks(wanted.Lanes);
        }

        turn.Fetch(wanted);
        turn.Memory.Heads.Append(wanted.Lanes, turn.Fetched.Lanes);
        Waking.NoteNext(turn);
    }

    private static Wanted Named(Turn turn, List<PendingOperation> commands)
    {
        var wanted = new Wanted();
        foreach (var command in commands)
            command.Want(wanted, turn.Memory);
        return wanted;
    }

    /// <summary>The claims of the last turn are committed.</summary>
    public void NoteClaimed()
    {
        commitDelay.Add(now() - plannedAt);
        claimSize.Add(now() - plannedAt);
    }

    /// <summary>The alarm has started a turn.</summary>
    /// <param name="late">How many ticks after the time that it was set for.</param>
    public void NoteAlarm(long late) => alarmDelay.Add(late);
}
