namespace JobService.Ledger.Commands;

/// <summary>Clears a signal: jobs that arrive from now on wait. Jobs that waited when it was set are still released: their number is not above the count.</summary>
internal sealed record ClearSignal(string Name) : Command<bool>
{
    public override bool Apply(Turn turn)
    {
        var signals = turn.Memory.Signals;
        var (setCount, setAt) = signals[Name];
        if (setAt is null)
            return false;

        if (signals.Releasing.Contains(Name))
        {
            signals[Name] = (setCount, null);
            turn.Changes.Add(new SignalChange.Put(Name, setCount, SetAt: null));
        }
        else
        {
            signals.Forget(Name); // as if it had never existed: no job refers to its number
            turn.Changes.Add(new SignalChange.Deleted(Name));
        }

        turn.Events?.Add(new StoreEvent(StoreEventKind.Signal, Name, "cleared"));
        return true;
    }
}
