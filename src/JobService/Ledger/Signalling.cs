namespace JobService.Ledger;

/// <summary>Signals are set and cleared; who waited goes on.</summary>
internal static class Signalling
{
    /// <summary>Jobs let go in one turn: a million that wait for one signal must not hold up everything else.</summary>
    private const int Bite = 500;

    /// <summary>Set before, it stays as it is: nobody has begun to wait since.</summary>
    public static bool Set(Turn turn, string name)
    {
        var signals = turn.Memory.Signals;
        var (setCount, setAt) = signals[name];
        if (setAt is not null)
            return false;

        signals[name] = (setCount + 1, turn.Now);
        turn.Parked.PutSignal(name, setCount + 1, turn.Now);
        signals.BeginRelease(name);
        turn.Events?.Add(new StoreEvent(StoreEventKind.Signal, name, "set"));
        return true;
    }

    /// <summary>Whoever comes from now on waits. Who waited when it was set is still let go: its number is not above the count.</summary>
    public static bool Clear(Turn turn, string name)
    {
        var signals = turn.Memory.Signals;
        var (setCount, setAt) = signals[name];
        if (setAt is null)
            return false;

        if (turn.Parked.IsWaitedFor(name))
        {
            signals[name] = (setCount, null);
            turn.Parked.PutSignal(name, setCount, setAt: null);
        }
        else
        {
            signals.Forget(name); // as if it had never been: no job counts on its number
            turn.Parked.DeleteSignal(name);
        }

        turn.Events?.Add(new StoreEvent(StoreEventKind.Signal, name, "cleared"));
        return true;
    }

    /// <summary>Lets a bite go; the turn is followed by another while there are more.</summary>
    public static void Release(Turn turn)
    {
        var left = Bite;
        foreach (var name in turn.Memory.Signals.Releasing.ToList())
        {
            var waiters = turn.Parked.Released(name, turn.Memory.Signals[name].SetCount, left);
            foreach (var job in waiters)
                turn.Parked.Place(job.Stamp, Entering.Enter(turn, turn.Memory.Queue(job.QueueId), job));

            if (waiters.Count < left)
                turn.Memory.Signals.EndRelease(name);
            left -= waiters.Count;
            if (left == 0)
                break;
        }

        turn.GoesOn |= turn.Memory.Signals.Releasing.Count > 0;
    }
}
