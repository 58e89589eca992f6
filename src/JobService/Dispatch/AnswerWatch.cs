using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>Calls of one rate that are on their way, and whether the API is counting them as they come. Pure; all moments are ticks of store time.</summary>
/// <remarks>
/// A limit counts arrivals. Between its start and its response a call may be counted at any moment, and calls that an API (or the machine under both) has left lying are counted together when it
/// goes on: however even their starts were, they look like a burst. So nothing is added to them while responses that are due do not come.
/// </remarks>
internal sealed class AnswerWatch
{
    /// <summary>An API that has been silent for longer is slow, not held up: there is no use in waiting for it.</summary>
    private const long LongestHold = 200 * TimeSpan.TicksPerMillisecond;

    /// <summary>Calls that may be under way when responses stay away, on top of the limit's burst: limiters that take any burst take that many.</summary>
    private const int Tolerated = 3;

    /// <summary>Slots that pass before responses are said to stay away. Where calls overlap they come irregularly: so many times what a call takes are added.</summary>
    private const int Patience = 2;

    /// <summary>After a rest connections, caches and code are cold: the first call is counted up to so much behind its start.</summary>
    private const long ColdDelay = 10 * TimeSpan.TicksPerMillisecond;

    private const long Rest = TimeSpan.TicksPerSecond;

    private const int RestInIntervals = 3;

    /// <summary>In the order of their starts.</summary>
    private readonly List<long> underWay = [];

    private long usual = -1;
    private long lastStart;
    private long lastAnswer;
    private (long At, long Takes)? cold;

    /// <summary>Nothing is remembered that still counts at a moment.</summary>
    public bool IsOver(long now) => underWay.Count == 0 && lastStart < now - Rest;

    /// <summary>The first moment at which another call may start, as long as no response comes.</summary>
    public long EarliestAt(long now, StartPace pace)
    {
        // A limit without a burst says that the API bears none: the second call after a rest lies behind the response to the first.
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
    /// <returns>What it is to count as, if that is later than its start: it was the first after a rest, or had been left lying.</returns>
    public long? End(long startedAt, long now, StartPace pace)
    {
        var wasHeldUp = SilentFor(now, pace) > 0;
        if (underWay.IndexOf(startedAt) is >= 0 and var index)
            underWay.RemoveAt(index);
        lastAnswer = now;
        Learn(now - startedAt);
        if (cold is var (at, _) && at == startedAt)
        {
            cold = null;
            return Math.Min(now, at + ColdDelay);
        }

        return wasHeldUp ? now : null;
    }

    /// <summary>How long responses have stayed away that are due; 0 when they have not.</summary>
    private long SilentFor(long now, StartPace pace)
    {
        if (usual < 0 || underWay.Count < Tolerated + (pace.Ahead / pace.Takes))
            return 0;
        var silent = now - Math.Max(lastAnswer, underWay[0] + usual);
        return silent > Patience * (pace.Takes + usual) ? silent : 0;
    }

    /// <summary>About what three calls of four take at least, in small steps: a machine that is busy now and then moves it little.</summary>
    private void Learn(long took)
    {
        var step = (usual / 32) + (TimeSpan.TicksPerMillisecond / 50);
        usual = usual < 0 ? took : usual + Math.Clamp(took - usual, -3 * step, step);
    }
}
