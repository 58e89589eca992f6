using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What one claim has taken of its limits, as they were then.</summary>
public sealed class LimitHold
{
    internal LimitHold(Lane lane, long call, HeldLimit[] limits, long at, long window)
    {
        Lane = lane;
        Call = call;
        Limits = limits;
        Slot = At = at;
        Window = window;
    }

    /// <summary>True when others wait for the end of the call: some limit counts calls at once.</summary>
    public bool EndsWithTheCall => Array.Exists(Limits, limit => !limit.State.HandsOutSlots);

    /// <summary>The call has ended, or was never made: its states do not count it as under way any more.</summary>
    internal bool IsOver { get; set; }

    /// <summary>Whose job it is.</summary>
    internal Lane Lane { get; }

    /// <summary>The call's number in its lane.</summary>
    internal long Call { get; }

    /// <summary>The states of which it holds something.</summary>
    internal HeldLimit[] Limits { get; }

    /// <summary>The moment it was handed out for.</summary>
    internal long Slot { get; }

    /// <summary>How late it may start and still count from there.</summary>
    internal long Window { get; }

    /// <summary>Where it stands in the states: its slot, or later when the call has started late.</summary>
    internal long At { get; set; }
}

/// <param name="Line">Whose lanes may go when something comes back.</param>
/// <param name="State">The state as it was then: a limit that was made anew since has another one.</param>
/// <param name="Call">The call's number there: <see cref="LimitState.Calls"/> right after the claim.</param>
/// <param name="Weight">What it took there.</param>
/// <param name="IsRecounted">The limit has counted something else since: how much of it stands there nobody knows, and nothing of it comes back.</param>
/// <param name="Refunded">What of it does not stand there any more, because the call has cost less. (What it has cost more stands there at another moment.)</param>
internal readonly record struct HeldLimit(LimitLine Line, LimitState State, long Call, int Weight, int Refunded = 0, bool IsRecounted = false);
