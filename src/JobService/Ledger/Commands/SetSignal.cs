namespace JobService.Ledger.Commands;

/// <summary>Sets a signal: releases all jobs that wait for it now. Setting it again changes nothing: no job has begun to wait since.</summary>
internal sealed record SetSignal(string Name) : Command<bool>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        if (memory.Signals[Name] is (var setCount, null))
            wanted.Releasing.Add((Name, setCount + 1));
    }

    public override bool Apply(Turn turn)
    {
        var signals = turn.Memory.Signals;
        var (setCount, setAt) = signals[Name];
        if (setAt is not null)
            return false;

        signals[Name] = (setCount + 1, turn.Now);
        turn.Changes.Add(new SignalChange.Put(Name, setCount + 1, turn.Now));
        signals.BeginRelease(Name);
        turn.Events?.Add(new StoreEvent(StoreEventKind.Signal, Name, "set"));
        return true;
    }
}
