namespace JobService.Ledger.Commands;

/// <summary>Clears what a limit has learned.</summary>
/// <param name="Name">The limit.</param>
/// <param name="Key">Of one key; null for all.</param>
internal sealed record LiftLimit(string Name, string? Key) : Command<bool?>
{
    /// <returns>Whether it had learned anything; null when there is no such limit.</returns>
    public override bool? Apply(Turn turn)
    {
        if (!turn.Memory.Limits.ContainsKey(Name))
            return null;
        var lifted = turn.Memory.Planner.Unlearn(Name, Key, turn.Now);
        turn.Touch(lifted);
        if (lifted.Count > 0)
            turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, Name, "lifted"));
        return lifted.Count > 0;
    }
}
