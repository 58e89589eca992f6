namespace JobService.Ledger.Commands;

/// <summary>Clears what the lanes of a queue have learned.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Key">Of one key; null for all.</param>
internal sealed record LiftQueue(string Name, string? Key) : Command<bool?>
{
    /// <returns>Whether they had learned anything; null when there is no such queue.</returns>
    public override bool? Apply(Turn turn)
    {
        if (turn.Memory.FindQueue(Name) is not { } queue)
            return null;
        turn.Changes.Add(new DefinitionChange.LanesLifted(queue.Id, Key));
        var isLifted = turn.Memory.Planner.UnlearnLanes(Name, Key, turn.Now);
        if (isLifted)
            turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, Name, "lifted"));
        return isLifted;
    }
}
