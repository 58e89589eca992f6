namespace JobService.Ledger.Commands;

/// <summary>A claimed job will not start in its slot: what it has taken of its limits is returned at once, before the slot has passed. The job keeps its lease until its attempt ends.</summary>
/// <param name="Lease">The lease of the claim.</param>
internal sealed record GiveUpSlot(long Lease) : Command<bool>
{
    /// <returns>False when it had nothing to return.</returns>
    public override bool Apply(Turn turn)
    {
        if (!turn.Memory.Running.TryGetValue(Lease, out var running) || running.Hold is not { HasReturned: false } hold)
            return false;
        turn.Memory.Planner.Return(hold, callWasMade: false, turn.Now);
        turn.Touch(hold, running.Key);
        return true;
    }
}
