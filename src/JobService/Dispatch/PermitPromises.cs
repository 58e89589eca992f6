using JobService.Lanes;

namespace JobService.Dispatch;

/// <summary>Permits that are promised before they are returned. Not thread-safe: guarded by the lock of its semaphore.</summary>
/// <remarks>
/// Where calls take about the same time, the claim of the next job is committed while the call still runs, and the next call starts the moment this one ends: otherwise there would be a commit
/// between any two calls. A promise is not a permit, and not tied to a call: whichever call ends first, its permit goes to the first job that waits in its slot.
/// </remarks>
internal sealed class PermitPromises
{
    /// <summary>No more are used in one round of planning.</summary>
    private const int MostOffered = 512;

    /// <summary>Permits of quick calls are promised for about as long as a commit takes.</summary>
    private static readonly long Ahead = TimeSpan.FromMilliseconds(2).Ticks;

    private readonly CallTimes times = new();

    /// <summary>Calls in progress, in the order of their starts.</summary>
    private readonly LinkedList<PermittedCall> calls = new();

    /// <summary>Jobs that were promised a permit and do not have it yet.</summary>
    private int open;

    /// <summary>Calls in progress whose end a promise counts on.</summary>
    private int awaited;

    /// <summary>Calls are so quick that each permit is promised several times.</summary>
    public bool AreQuick => times.Quick is not null;

    /// <summary>Whether the ends of calls can be predicted.</summary>
    public bool CanExpect => times.Usual is not null;

    /// <summary>Returned permits to keep for jobs that were promised one and have not taken it yet. Each promise counts on a call in progress as long as there is one.</summary>
    public int Kept => Math.Max(open - awaited, 0);

    /// <param name="size">Permits of the semaphore.</param>
    /// <returns>How many permits of quick calls can be promised now; 0 when calls are not quick.</returns>
    public int Promisable(int size) => times.Quick is { } quick ? Math.Max((int)Math.Min(size * (Ahead / Math.Max(quick, 1)), MostOffered) - open, 0) : 0;

    /// <param name="now">Ticks of store time.</param>
    /// <param name="size">Permits of the semaphore.</param>
    /// <returns>When the calls that no promise counts on are expected to end, in order. Of quick calls, which have not begun yet: when permits return again and again, call after call.</returns>
    public IReadOnlyList<long> Expected(long now, int size)
    {
        if (times.Quick is { } quick)
            return [.. Enumerable.Range(0, Promisable(size)).Select(i => now + (quick * (1 + (i / size))))];
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

    /// <summary>Jobs were claimed for these expected permits.</summary>
    /// <param name="moments">Some of the expected times, in order. If the call of one has ended meanwhile, its job uses the returned permit.</param>
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

    public LinkedListNode<PermittedCall> Start(long now) => calls.AddLast(new PermittedCall(now));

    /// <summary>A call has ended.</summary>
    /// <param name="call">The call.</param>
    /// <param name="took">Ticks; null when it was not made.</param>
    public void End(LinkedListNode<PermittedCall> call, long? took)
    {
        calls.Remove(call);
        Await(call.Value, false);
        if (took is { } ticks)
            times.Add(ticks);
    }

    /// <summary>A job has the permit that it was promised.</summary>
    public void Keep() => Settle(inTime: true);

    /// <summary>A job did not get its promised permit in time. No promise counts on the most overdue call any more.</summary>
    public void Break()
    {
        if (calls.FirstOrDefault(call => call.IsAwaited) is { } overdue)
            Await(overdue, false);
        Settle(inTime: false);
    }

    private void Await(PermittedCall call, bool wanted)
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
public sealed class PermittedCall(long startedAt)
{
    public long StartedAt { get; } = startedAt;

    /// <summary>When it is expected to end: set once, because promises refer to the call by this time.</summary>
    internal long? EndsAt { get; set; }

    /// <summary>Its permit has been promised, which happens only once.</summary>
    internal bool IsPromised { get; set; }

    /// <summary>A promise still counts on its end.</summary>
    internal bool IsAwaited { get; set; }
}
