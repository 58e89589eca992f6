namespace JobService.Ledger.Commands;

/// <summary>A claim will not start: what it has taken of its limits goes back at once, before its slot has passed. The lease, and with it the job, stays with whoever has it until its attempt ends.</summary>
/// <param name="Lease">Of the claim.</param>
internal sealed record GiveUpSlot(long Lease) : Command<bool>
{
    /// <returns>False when it had nothing to give back.</returns>
    public override bool Apply(Turn turn)
    {
        if (!turn.Memory.Running.TryGetValue(Lease, out var running) || running.Hold is not { HasReturned: false } hold)
            return false;
        turn.Memory.Planner.Return(hold, callWasMade: false, turn.Now);
        turn.Touch(hold, running.Key);
        return true;
    }
}
