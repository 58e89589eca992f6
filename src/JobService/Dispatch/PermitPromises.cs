using JobService.Lanes;
using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>Permits that are promised before they are back. Not thread-safe: its gate's lock guards it.</summary>
/// <remarks>
/// Where calls take much the same time, the claim of the next job is committed while the call still runs, and the next call starts the moment this one ends: otherwise a commit
/// lies between any two calls. A promise is no permit. It binds no call either: whichever ends first lets the first job go that waits in its slot.
/// </remarks>
internal sealed class PermitPromises
{
    private readonly CallTimes times = new();

    /// <summary>Calls under way, in the order of their starts.</summary>
    private readonly LinkedList<GateCall> calls = new();

    /// <summary>Jobs whose slot has come and whose permit has not.</summary>
    private readonly LinkedList<TaskCompletionSource<bool>> waiting = new();

    /// <summary>Promises to jobs that have neither got their permit nor given up.</summary>
    private int open;

    /// <summary>Permits that are back before their jobs have come for them.</summary>
    private int ready;

    /// <summary>Calls under way whose end is awaited.</summary>
    private int awaited;

    /// <param name="atMost">So many promises.</param>
    /// <param name="now">Ticks of store time.</param>
    /// <param name="until">Calls that are expected to end later are asked about again: see <paramref name="nextAt"/>.</param>
    /// <param name="nextAt">When the first of these ends.</param>
    /// <returns>Moments at which permits are expected, in order.</returns>
    public List<long> Make(int atMost, long now, long until, out long nextAt)
    {
        nextAt = LimitState.Never;
        var moments = new List<long>();
        if (times.Usual is not { } usual)
            return moments;

        for (var node = calls.First; node is not null && moments.Count < atMost; node = node.Next)
        {
            var endsAt = node.Value.StartedAt + usual;
            if (node.Value.IsPromised || endsAt + CallTimes.WidestSpread < now)
                continue;
            if (endsAt > until)
            {
                nextAt = endsAt;
                break;
            }

            node.Value.IsPromised = true;
            Await(node.Value, true);
            open++;
            moments.Add(endsAt);
        }

        return moments;
    }

    /// <summary>The last promises were not used.</summary>
    /// <returns>Permits that nobody needs any more.</returns>
    public int Withdraw(int count)
    {
        open -= count;
        for (var (node, left) = (calls.Last, count); node is not null && left > 0; node = node.Previous)
        {
            if (!node.Value.IsAwaited)
                continue;
            node.Value.IsPromised = false;
            Await(node.Value, false);
            left--;
        }

        var unneeded = Math.Max(ready - open, 0);
        ready -= unneeded;
        return unneeded;
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

    /// <summary>A permit is back: it goes to the job that waits longest, or is kept for one that is still to come.</summary>
    /// <param name="next">The job that has it now.</param>
    /// <returns>False when no promise needs it.</returns>
    public bool Keep(out TaskCompletionSource<bool>? next)
    {
        next = waiting.First?.Value;
        if (next is not null)
        {
            waiting.RemoveFirst();
            Settle(inTime: true);
            return true;
        }

        if (open <= ready + awaited)
            return false; // calls that still run are counted on for every promise
        ready++;
        return true;
    }

    /// <summary>A job comes for the permit it was promised.</summary>
    /// <param name="hasOther">Whether there is a free one after all.</param>
    /// <returns>Null when the job has its permit; else what is told whether it came in time.</returns>
    public TaskCompletionSource<bool>? Redeem(Func<bool> hasOther)
    {
        if (ready > 0)
            ready--;
        else if (!hasOther())
            return waiting.AddLast(new TaskCompletionSource<bool>()).Value;
        Settle(inTime: true);
        return null;
    }

    /// <summary>The slot is over. The call that should have ended first is not counted on any more.</summary>
    /// <returns>False when the permit has come before.</returns>
    public bool GiveUp(TaskCompletionSource<bool> job)
    {
        if (!waiting.Remove(job))
            return false;
        if (calls.FirstOrDefault(call => call.IsAwaited) is { } overdue)
            Await(overdue, false);
        Settle(inTime: false);
        return true;
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

    /// <summary>Its permit has been promised: once only.</summary>
    internal bool IsPromised { get; set; }

    /// <summary>A promise still counts on its end.</summary>
    internal bool IsAwaited { get; set; }
}
