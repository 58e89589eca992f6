namespace JobService.Ledger;

/// <summary>A whole turn in the one order that it may have, and what turns have learned of how long claims take.</summary>
/// <remarks>It begins and commits nothing: whoever keeps the rows does that around it.</remarks>
/// <param name="now">Ticks of store time: it goes on while a turn runs.</param>
internal sealed class TurnRun(Func<long> now)
{
    private readonly DelayEstimate commitDelay = new();
    private readonly DelayEstimate alarmDelay = new(Claiming.LeastAlarm, Claiming.MostAlarm);
    private readonly ClaimSize claimSize = new();
    private long plannedAt;

    /// <param name="turn">The turn.</param>
    /// <param name="commands">All that has gathered.</param>
    /// <param name="claim">The pending claim, if there is one.</param>
    public List<ClaimedJob> Run(Turn turn, List<PendingOperation> commands, PendingClaim? claim)
    {
        if (claim is not null)
            Claiming.TakeStarts(turn, claim, commitDelay);
        Fetch(turn, commands, isClaiming: claim is not null);
        foreach (var command in commands)
            command.Run(turn);
        Waking.Wake(turn);
        if (claim is null)
            return [];

        plannedAt = now(); // behind the commands, which have taken their time
        return Claiming.Claim(turn, plannedAt, commitDelay.Lead, alarmDelay.Lead, claimSize.Jobs, claim.Newest.Permits);
    }

    /// <summary>Runs what concerns the memory alone.</summary>
    public static void Answer(Turn look, List<PendingOperation> questions)
    {
        look.Fetch(Named(look, questions));
        foreach (var question in questions)
            question.Run(look);
        if (look.Changes.Count > 0)
            throw new InvalidOperationException($"What concerns the memory alone wants to change rows: {look.Changes.All[0].Kind}.");
    }

    /// <summary>Fetches what a turn is going to look at.</summary>
    /// <param name="turn">The turn, which has changed nothing yet.</param>
    /// <param name="commands">All that will be run in it.</param>
    /// <param name="isClaiming">Jobs are claimed behind them.</param>
    private static void Fetch(Turn turn, List<PendingOperation> commands, bool isClaiming)
    {
        var wanted = Named(turn, commands);
        Waking.Want(turn, wanted);
        if (isClaiming)
            Locking.Want(turn, wanted);
        turn.Fetch(wanted);
        Waking.NoteNext(turn);
    }

    private static Wanted Named(Turn turn, List<PendingOperation> commands)
    {
        var wanted = new Wanted();
        foreach (var command in commands)
            command.Want(wanted, turn.Memory);
        return wanted;
    }

    /// <summary>The jobs that the last turn has claimed are committed.</summary>
    public void NoteClaimed()
    {
        commitDelay.Add(now() - plannedAt);
        claimSize.Add(now() - plannedAt);
    }

    /// <summary>The alarm has called a turn.</summary>
    /// <param name="late">Ticks after the moment that it was set for.</param>
    public void NoteAlarm(long late) => alarmDelay.Add(late);
}
