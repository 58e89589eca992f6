using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>Tracks the calls of one rate in progress, and whether the API counts them as they arrive. Pure; all moments are ticks of store time.</summary>
/// <remarks>
/// An API counts arrivals. A call may be counted at any moment between its start and its response, and calls that an API (or the machine under both) has delayed are counted together when it
/// continues: however even their starts were, they look like a burst. So no further call starts while responses are overdue.
/// </remarks>
internal sealed class ResponseWatch
{
    /// <summary>An API that has been silent for longer is slow, not stalled: waiting for it is useless.</summary>
    private const long LongestHold = 200 * TimeSpan.TicksPerMillisecond;

    /// <summary>Calls that may be in progress when responses are overdue, in addition to the limit's burst: limiters that accept any burst accept that many.</summary>
    private const int Tolerated = 3;

    /// <summary>Slots that pass before responses count as overdue. If calls overlap, responses are irregular: this many call durations are added.</summary>
    private const int Patience = 2;

    /// <summary>After an idle time connections, caches and code are cold: the first call may be counted up to this much after its start.</summary>
    private const long ColdDelay = 10 * TimeSpan.TicksPerMillisecond;

    private const long Rest = TimeSpan.TicksPerSecond;

    private const int RestInIntervals = 3;

    /// <summary>In the order of their starts.</summary>
    private readonly List<long> underWay = [];

    private long usual = -1;
    private long lastStart;
    private long lastResponse;
    private (long At, long Takes)? cold;

    /// <summary>True when nothing that is remembered still counts at a moment.</summary>
    public bool IsOver(long now) => underWay.Count == 0 && lastStart < now - Rest;

    /// <summary>The first moment at which another call may start, as long as no response comes.</summary>
    public long EarliestAt(long now, StartPace pace)
    {
        // A limit without a burst means that the API accepts none: the second call after an idle time starts after the response to the first.
        var behindFirst = cold is var (at, takes) && pace.Ahead == 0 ? at + ColdDelay + takes : 0;
        return SilentFor(now, pace) is > 0 and < LongestHold and var silent ? Math.Max(now - silent + LongestHold, behindFirst) : behindFirst;
    }

    public void Start(long at, StartPace pace)
    {
        if (pace.Ahead == 0 && at - lastStart > Math.Max(Rest, RestInIntervals * pace.Takes))
            cold = (at, pace.Takes);
        lastStart = at;
        underWay.Add(at);
    }

    /// <summary>A call is over.</summary>
    /// <param name="startedAt">When it had started.</param>
    /// <param name="now">The moment.</param>
    /// <param name="pace">What it took.</param>
    /// <returns>The moment it counts as, if that is later than its start: it was the first after an idle time, or was delayed.</returns>
    public long? End(long startedAt, long now, StartPace pace)
    {
        var wasHeldUp = SilentFor(now, pace) > 0;
        if (underWay.IndexOf(startedAt) is >= 0 and var index)
            underWay.RemoveAt(index);
        lastResponse = now;
        Learn(now - startedAt);
        if (cold is var (at, _) && at == startedAt)
        {
            cold = null;
            return Math.Min(now, at + ColdDelay);
        }

        return wasHeldUp ? now : null;
    }

    /// <summary>How long responses have been overdue; 0 when they are not.</summary>
    private long SilentFor(long now, StartPace pace)
    {
        if (usual < 0 || underWay.Count < Tolerated + (pace.Ahead / pace.Takes))
            return 0;
        var silent = now - Math.Max(lastResponse, underWay[0] + usual);
        return silent > Patience * (pace.Takes + usual) ? silent : 0;
    }

    /// <summary>Approximately the lower quartile of call durations, adjusted in small steps, so that occasional load on the machine changes it little.</summary>
    private void Learn(long took)
    {
        var step = (usual / 32) + (TimeSpan.TicksPerMillisecond / 50);
        usual = usual < 0 ? took : usual + Math.Clamp(took - usual, -3 * step, step);
    }
}
