using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What one claim has taken of its limits, as they were at that time.</summary>
public sealed class LimitHold
{
    private HoldState before;
    private long changedIn = -1;

    internal LimitHold(Lane lane, long call, HeldLimit[] limits, long at, long window)
    {
        Lane = lane;
        Call = call;
        Slot = at;
        Window = window;
        Current = new HoldState(at, limits, IsOver: false, HasReturned: false);
    }

    /// <summary>True when others may wait for the end of the call: one of the limits is a concurrency limit.</summary>
    public bool EndsWithTheCall => Array.Exists(Limits, limit => !limit.State.HandsOutSlots);

    /// <summary>The call has ended, or was never made: its states no longer count it as in progress.</summary>
    internal bool IsOver => Current.IsOver;

    /// <summary>It no longer holds anything that others wait for.</summary>
    internal bool HasReturned => Current.HasReturned;

    /// <summary>The lane of the job.</summary>
    internal Lane Lane { get; }

    /// <summary>The call's number in its lane.</summary>
    internal long Call { get; }

    /// <summary>The states that it has taken something of.</summary>
    internal HeldLimit[] Limits => Current.Limits;

    /// <summary>The moment it was handed out for.</summary>
    internal long Slot { get; }

    /// <summary>How late it may start and still count at its slot.</summary>
    internal long Window { get; }

    /// <summary>The moment at which it counts in the states: its slot, or later when the call has started late.</summary>
    internal long At => Current.At;

    internal HoldState Current { get; private set; }

    /// <summary>Changed by a turn.</summary>
    internal void Change(HoldState state, long turn)
    {
        if (changedIn != turn)
            (before, changedIn) = (Current, turn);
        Current = state;
    }

    /// <summary>Its state before a turn: the rows still have it if the turn is rolled back.</summary>
    internal HoldState Before(long turn) => changedIn == turn ? before : Current;
}

/// <summary>The mutable part of a hold. A turn that is rolled back changes nothing.</summary>
/// <param name="At">The moment at which it counts in the states.</param>
/// <param name="Limits">The states; an array is never changed.</param>
/// <param name="IsOver">The call has ended, or was never made.</param>
/// <param name="HasReturned">It no longer holds anything that others wait for.</param>
internal readonly record struct HoldState(long At, HeldLimit[] Limits, bool IsOver, bool HasReturned)
{
    public HoldState With(int index, HeldLimit held)
    {
        var changed = Limits.ToArray();
        changed[index] = held;
        return this with { Limits = changed };
    }
}

/// <param name="WaitQueue">The wait queue whose lanes may start when something is returned.</param>
/// <param name="State">The state at that time: a limit that was recreated since has another one.</param>
/// <param name="Call">The call's number there: <see cref="LimitState.Calls"/> right after the claim.</param>
/// <param name="Weight">What it took there.</param>
/// <param name="IsRecounted">The limit has changed what it counts since: how much of the hold remains in it is unknown, and nothing of it is given back.</param>
/// <param name="Refunded">The part that was removed because the call cost less. (An extra cost is recorded at another moment.)</param>
internal readonly record struct HeldLimit(LimitWaitQueue WaitQueue, LimitState State, long Call, int Weight, int Refunded = 0, bool IsRecounted = false)
{
    /// <summary>How often the limit had been reset.</summary>
    private readonly int beginning = WaitQueue.Limit.Beginnings;
    private readonly bool isForgotten;

    /// <summary>The current state does not know the call, because the kind or scope of the limit has changed since: only what the API says about the call still applies to it.</summary>
    public bool IsForgotten
    {
        get => isForgotten || beginning != WaitQueue.Limit.Beginnings;
        init => isForgotten = value;
    }

    /// <summary>The same before a turn, restored if the turn is rolled back.</summary>
    public bool WasForgotten(long turn) => isForgotten || beginning != WaitQueue.Limit.BeginningsBefore(turn);

    /// <summary>The spacing of the start, for the limits that are rates.</summary>
    public static RateStart[] RatesOf(HeldLimit[] held)
    {
        var count = 0;
        foreach (var limit in held)
            count += limit.State is RateLimit ? 1 : 0;
        if (count == 0)
            return [];

        var rates = new RateStart[count];
        foreach (var limit in held)
        {
            if (limit.State.PaceOf(limit.Weight) is { } pace)
                rates[--count] = new RateStart(limit.WaitQueue.Limit.Name, limit.WaitQueue.Key, pace);
        }

        return rates;
    }
}
