using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>Estimates how long after their start the calls of a rate without a burst may have arrived at the API: later calls are postponed accordingly. Pure; all moments are ticks of store time.</summary>
/// <remarks>
/// Such an API refuses a call that arrives less than T after the one before, by its own clock. Starts keep that distance, arrivals may not: a call that was delayed on its way, or started at the end
/// of its window, shortens the distance to the next one. Only its response proves that it had arrived. The time beyond the shortest known one may have passed before it was counted, so it counts
/// as that much later; and while there is no response, the next one waits for it.
/// <para>An API whose own work varies in duration looks the same. So all of this may cost at most 1/128 of the pace: each start earns that much, up to two T, and postponing a call spends it.</para>
/// </remarks>
internal sealed class LateArrivals
{
    private const int ShareOfPace = 128;

    /// <summary>A smaller delay is covered by the margin of the limit: half a percent of T, from 0.25 to 2 ms.</summary>
    private const int ShareWorthMoving = 200;

    /// <summary>Only a call that takes less than this share of T is waited for.</summary>
    private const int ShareOfShortCall = 4;

    /// <summary>At higher rates no API enforces distances.</summary>
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
    /// <param name="at">When it started; never before the last one.</param>
    /// <param name="countsAt">The moment it counts as; not later than its start.</param>
    /// <param name="pace">What the start takes.</param>
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
    /// <returns>The moment it counts as, if that is later than before.</returns>
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
            return null; // the next call keeps its distance to another one, or is far enough anyway
        saved -= late;
        return countsAt + late;
    }

    private static bool IsEven(StartPace pace) => pace.Ahead == 0 && pace.Takes >= LeastInterval;

    private static long MostFor(StartPace pace) => Math.Min(2 * pace.Takes, MostSaved);

    private static long WorthMoving(StartPace pace) => Math.Clamp(pace.Takes / ShareWorthMoving, TimeSpan.TicksPerMillisecond / 4, 2 * TimeSpan.TicksPerMillisecond);

    /// <summary>For the first call the ordinary duration is unknown: it costs at most one T.</summary>
    private long Spendable(StartPace pace) => least < 0 ? Math.Min(saved, pace.Takes) : saved;

    /// <summary>About the shortest time that a call takes: it falls at once, and rises in small steps.</summary>
    /// <returns>The ordinary part of this call's duration; zero while no other is known.</returns>
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
