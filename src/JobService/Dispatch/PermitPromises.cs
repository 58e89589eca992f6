using JobService.Lanes;

namespace JobService.Dispatch;

/// <summary>Permits that are promised before they are back. Not thread-safe: its gate's lock guards it.</summary>
/// <remarks>
/// Where calls take much the same time, the claim of the next job is committed while the call still runs, and the next call starts the moment this one ends: otherwise a commit
/// lies between any two calls. A promise is no permit. It binds no call either: whichever ends first lets the first job go that waits in its slot.
/// </remarks>
internal sealed class PermitPromises
{
    /// <summary>More are not handed out in one round.</summary>
    private const int MostOffered = 512;

    private readonly CallTimes times = new();

    /// <summary>Calls under way, in the order of their starts.</summary>
    private readonly LinkedList<GateCall> calls = new();

    /// <summary>Jobs that were promised a permit and have not got it.</summary>
    private int open;

    /// <summary>Calls under way whose end is awaited.</summary>
    private int awaited;

    /// <summary>Whether a call that begins is one that can be counted on.</summary>
    public bool CanExpect => times.Usual is not null;

    /// <summary>Permits that are to be kept, because they are back before the jobs that were promised them have come. Calls that still run are counted on for every promise.</summary>
    public int Kept => Math.Max(open - awaited, 0);

    /// <param name="now">Ticks of store time.</param>
    /// <returns>When the calls end that nobody counts on yet, in order.</returns>
    public IReadOnlyList<long> Expected(long now)
    {
        if (times.Usual is not { } usual)
            return [];

        var moments = new List<long>();
        var last = 0L;
        for (var node = calls.First; node is not null && moments.Count < MostOffered; node = node.Next)
        {
            var call = node.Value;
            call.EndsAt ??= Math.Max(call.StartedAt + usual, last);
            last = call.EndsAt.Value;
            if (!call.IsPromised && last + Permits.MostOverdue >= now)
                moments.Add(last);
        }

        return moments;
    }

    /// <summary>Jobs were claimed that count on these ends.</summary>
    /// <param name="moments">Some of those that were expected, in order. One whose call has ended meanwhile counts on the permit that is back.</param>
    public void Make(IReadOnlyList<long> moments)
    {
        open += moments.Count;
        var next = 0;
        for (var node = calls.First; node is not null; node = node.Next)
        {
            while (next < moments.Count && moments[next] < node.Value.EndsAt)
                next++;
            if (next == moments.Count)
                break;
            if (node.Value.IsPromised || node.Value.EndsAt != moments[next])
                continue;
            node.Value.IsPromised = true;
            Await(node.Value, true);
            next++;
        }
    }

    public LinkedListNode<GateCall> Start(long now) => calls.AddLast(new GateCall(now));

    /// <summary>A call has ended.</summary>
    /// <param name="call">The call.</param>
    /// <param name="took">Ticks; null when it was not made.</param>
    public void End(LinkedListNode<GateCall> call, long? took)
    {
        calls.Remove(call);
        Await(call.Value, false);
        if (took is { } ticks)
            times.Add(ticks);
    }

    /// <summary>A job has got the permit that it was promised.</summary>
    public void Keep() => Settle(inTime: true);

    /// <summary>A job was promised a permit that has not come in time. The call that should have ended first is not counted on any more.</summary>
    public void Break()
    {
        if (calls.FirstOrDefault(call => call.IsAwaited) is { } overdue)
            Await(overdue, false);
        Settle(inTime: false);
    }

    private void Await(GateCall call, bool wanted)
    {
        awaited += (wanted ? 1 : 0) - (call.IsAwaited ? 1 : 0);
        call.IsAwaited = wanted;
    }

    private void Settle(bool inTime)
    {
        open--;
        times.Judge(inTime);
    }
}

/// <summary>A call that holds a permit.</summary>
/// <param name="startedAt">Ticks of store time.</param>
public sealed class GateCall(long startedAt)
{
    public long StartedAt { get; } = startedAt;

    /// <summary>When it is expected to end: said once, since whoever counts on it names it by that.</summary>
    internal long? EndsAt { get; set; }

    /// <summary>Its permit has been promised: once only.</summary>
    internal bool IsPromised { get; set; }

    /// <summary>A promise still counts on its end.</summary>
    internal bool IsAwaited { get; set; }
}
