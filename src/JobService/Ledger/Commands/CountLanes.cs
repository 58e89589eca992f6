namespace JobService.Ledger.Commands;

/// <summary>Adds the jobs of long lanes that were counted after the start, so that the start does not wait for the count.</summary>
/// <param name="Memory">The <see cref="LedgerMemory.Number"/> of the memory that was counted: a newer one is counted again.</param>
/// <param name="Lanes">The jobs that had not been counted.</param>
internal sealed record CountLanes(long Memory, IReadOnlyList<LaneRest> Lanes) : Command<bool>
{
    public override bool ChangesRows => false;

    /// <returns>False when the memory has been replaced since.</returns>
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
