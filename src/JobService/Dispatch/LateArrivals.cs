using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>How much later than they started the calls of a rate without a burst may have come to its API: what follows goes behind. Pure; all moments are ticks of store time.</summary>
/// <remarks>
/// Such an API refuses a call that arrives less than T behind the one before, by its own clock. Starts keep that distance, arrivals do not: a call that was held up on its way, or started at the end
/// of its window, shortens the distance to the next one. Only its response proves that it had come. What it took beyond the shortest time known may have passed before it was counted, so it counts
/// as so much later; and as long as there is no response, the next one waits for it.
/// <para>An API whose own work takes now long and now short looks the same. So all of this may cost 1/128 of the pace and no more: each start saves so much, up to two T, and what is moved spends it.</para>
/// </remarks>
internal sealed class LateArrivals
{
    private const int ShareOfPace = 128;

    /// <summary>What is less is left to the margin of the limit: half a percent of T, from 0.25 to 2 ms.</summary>
    private const int ShareWorthMoving = 200;

    /// <summary>Only a call that takes less than so much of T is waited for.</summary>
    private const int ShareOfShortCall = 4;

    /// <summary>Faster than that nobody keeps distances.</summary>
    private const long LeastInterval = 5 * TimeSpan.TicksPerMillisecond;

    private const long MostSaved = 250 * TimeSpan.TicksPerMillisecond;

    private readonly List<(long At, long CountsAt)> underWay = [];
    private long lastStart;
    private long least = -1;
    private long saved = -1;

    /// <summary>The first moment at which another call may start, as long as no response comes.</summary>
    public long EarliestAt(StartPace pace) =>
        IsEven(pace) && least < pace.Takes / ShareOfShortCall && underWay.Count > 0 && underWay[^1] is var (at, countsAt) && at == lastStart
            ? countsAt + pace.Takes + Spendable(pace)
            : 0;

    /// <summary>A call has started.</summary>
    /// <param name="at">When; never before the last one.</param>
    /// <param name="countsAt">What it counts as: no later.</param>
    /// <param name="pace">What it takes.</param>
    public void Start(long at, long countsAt, StartPace pace)
    {
        if (!IsEven(pace))
            return;
        if (saved < 0)
            saved = MostFor(pace);
        else if (EarliestAt(pace) is > 0 and var held)
            saved -= Math.Clamp(at - (held - Spendable(pace)), 0, saved); // it has waited for a response in vain
        saved = Math.Min(saved + (pace.Takes / ShareOfPace), MostFor(pace));
        lastStart = at;
        underWay.Add((at, countsAt));
    }

    /// <summary>A call is over.</summary>
    /// <returns>What it is to count as, if that is later than it did.</returns>
    public long? End(long startedAt, long now, StartPace pace)
    {
        var index = underWay.FindIndex(call => call.At == startedAt);
        if (index < 0)
            return null;
        var countsAt = underWay[index].CountsAt;
        underWay.RemoveAt(index);
        var most = Spendable(pace);
        var late = Math.Min(now - countsAt - Learn(now - startedAt), most);
        if (startedAt != lastStart || late < WorthMoving(pace))
            return null; // what follows keeps its distance to another one, or keeps it anyway
        saved -= late;
        return countsAt + late;
    }

    private static bool IsEven(StartPace pace) => pace.Ahead == 0 && pace.Takes >= LeastInterval;

    private static long MostFor(StartPace pace) => Math.Min(2 * pace.Takes, MostSaved);

    private static long WorthMoving(StartPace pace) => Math.Clamp(pace.Takes / ShareWorthMoving, TimeSpan.TicksPerMillisecond / 4, 2 * TimeSpan.TicksPerMillisecond);

    /// <summary>Of the first call nobody knows how much of its time is the ordinary one: it costs one T at most.</summary>
    private long Spendable(StartPace pace) => least < 0 ? Math.Min(saved, pace.Takes) : saved;

    /// <summary>About the shortest time that a call takes: it falls at once, and rises in small steps.</summary>
    /// <returns>What of this call's time is ordinary; nothing as long as no other is known.</returns>
    private long Learn(long took)
    {
        if (least < 0)
        {
            least = took;
            return 0;
        }

        return least = took < least ? took : least + Math.Min((took - least) / 64, (least / 64) + (TimeSpan.TicksPerMillisecond / 100));
    }
}
