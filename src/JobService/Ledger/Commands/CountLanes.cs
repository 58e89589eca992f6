namespace JobService.Ledger.Commands;

/// <summary>How many jobs stood in long lanes when the memory was read: to be counted they need not be waited for.</summary>
/// <param name="Memory">The <see cref="LedgerMemory.Number"/> of that memory: what was read anew meanwhile is counted anew.</param>
/// <param name="Lanes">What had not been counted.</param>
internal sealed record CountLanes(long Memory, IReadOnlyList<LaneRest> Lanes) : Command<bool>
{
    public override bool ChangesRows => false;

    /// <returns>False when it comes too late.</returns>
    public override bool Apply(Turn turn)
    {
        if (turn.Memory.Number != Memory)
            return false;
        foreach (var (queueId, key, jobs) in Lanes)
        {
            if (turn.Memory.FindQueue(queueId) is { } queue)
                turn.Memory.Planner.Count(queue.Entry.Name, key, jobs);
        }

        return true;
    }
}
