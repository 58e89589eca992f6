using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What one claim has taken of its limits, as they were then.</summary>
public sealed class LimitHold
{
    private HoldStanding before;
    private long changedIn = -1;

    internal LimitHold(Lane lane, long call, HeldLimit[] limits, long at, long window)
    {
        Lane = lane;
        Call = call;
        Slot = at;
        Window = window;
        Stands = new HoldStanding(at, limits, IsOver: false, HasReturned: false);
    }

    /// <summary>True when others wait for the end of the call: some limit counts calls at once.</summary>
    public bool EndsWithTheCall => Array.Exists(Limits, limit => !limit.State.HandsOutSlots);

    /// <summary>The call has ended, or was never made: its states do not count it as under way any more.</summary>
    internal bool IsOver => Stands.IsOver;

    /// <summary>It holds nothing any more that others wait for.</summary>
    internal bool HasReturned => Stands.HasReturned;

    /// <summary>Whose job it is.</summary>
    internal Lane Lane { get; }

    /// <summary>The call's number in its lane.</summary>
    internal long Call { get; }

    /// <summary>The states of which it holds something.</summary>
    internal HeldLimit[] Limits => Stands.Limits;

    /// <summary>The moment it was handed out for.</summary>
    internal long Slot { get; }

    /// <summary>How late it may start and still count from there.</summary>
    internal long Window { get; }

    /// <summary>Where it stands in the states: its slot, or later when the call has started late.</summary>
    internal long At => Stands.At;

    internal HoldStanding Stands { get; private set; }

    /// <summary>A turn changes it.</summary>
    internal void Change(HoldStanding standing, long turn)
    {
        if (changedIn != turn)
            (before, changedIn) = (Stands, turn);
        Stands = standing;
    }

    /// <summary>How it stood before a turn: so do the rows say if that one was rolled back.</summary>
    internal HoldStanding Before(long turn) => changedIn == turn ? before : Stands;
}

/// <summary>What may change of a hold. A turn that is rolled back has changed nothing.</summary>
/// <param name="At">Where it stands in the states.</param>
/// <param name="Limits">The states; an array is never changed.</param>
/// <param name="IsOver">The call has ended, or was never made.</param>
/// <param name="HasReturned">It holds nothing any more that others wait for.</param>
internal readonly record struct HoldStanding(long At, HeldLimit[] Limits, bool IsOver, bool HasReturned)
{
    public HoldStanding With(int index, HeldLimit held)
    {
        var changed = Limits.ToArray();
        changed[index] = held;
        return this with { Limits = changed };
    }
}

/// <param name="Line">Whose lanes may go when something comes back.</param>
/// <param name="State">The state as it was then: a limit that was made anew since has another one.</param>
/// <param name="Call">The call's number there: <see cref="LimitState.Calls"/> right after the claim.</param>
/// <param name="Weight">What it took there.</param>
/// <param name="IsRecounted">The limit has counted something else since: how much of it stands there nobody knows, and nothing of it comes back.</param>
/// <param name="Refunded">What of it does not stand there any more, because the call has cost less. (What it has cost more stands there at another moment.)</param>
internal readonly record struct HeldLimit(LimitLine Line, LimitState State, long Call, int Weight, int Refunded = 0, bool IsRecounted = false)
{
    /// <summary>How often the limit had begun to count from nothing.</summary>
    private readonly int beginning = Line.Limit.Beginnings;
    private readonly bool isForgotten;

    /// <summary>The state in force has never heard of the call, because kind or scope of the limit have changed since: only what the API says about it still concerns that one.</summary>
    public bool IsForgotten
    {
        get => isForgotten || beginning != Line.Limit.Beginnings;
        init => isForgotten = value;
    }

    /// <summary>The same before a turn: so it is if that one was rolled back.</summary>
    public bool WasForgotten(long turn) => isForgotten || beginning != Line.Limit.BeginningsBefore(turn);

    /// <summary>What keeps a start apart from others: of those that are rates.</summary>
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
                rates[--count] = new RateStart(limit.Line.Limit.Name, limit.Line.Key, pace);
        }

        return rates;
    }
}
