using JobService.Limits;

namespace JobService.Lanes;

/// <summary>The permits that a queue's semaphore offers. Times are ticks of store time.</summary>
/// <param name="Free">Free permits that are not kept for claimed jobs.</param>
/// <param name="Expected">When running calls are expected to return theirs, in order: a job that is claimed for one waits for it in its slot, or gives the slot up.</param>
public sealed record Permits(int Free, IReadOnlyList<long> Expected)
{
    /// <summary>In ticks: a call that is overdue by more is not counted on, because its end cannot be predicted.</summary>
    public const long MostOverdue = 5 * TimeSpan.TicksPerMillisecond / 2;

    public static Permits None { get; } = new(0);

    public Permits(int free)
        : this(free, [])
    {
    }
}

/// <summary>The permits of one queue while a round hands them out: the free ones first.</summary>
internal sealed class PermitPool
{
    private readonly int free;
    private readonly List<long> expected = [];
    private int used;

    /// <param name="offered">The permits offered.</param>
    /// <param name="atMost">Jobs that may start in this round.</param>
    /// <param name="now">The moment of planning.</param>
    /// <param name="until">Permits that are expected later are not used in this round; null when only free ones are.</param>
    public PermitPool(Permits offered, int atMost, long now, long? until)
    {
        free = Math.Min(offered.Free, atMost);
        if (until is not { } latest)
            return;

        foreach (var at in offered.Expected)
        {
            if (at > latest)
                MoreAt = at;
            if (at > latest || free + expected.Count == atMost)
                break;
            if (at >= now - Permits.MostOverdue)
                expected.Add(at);
        }
    }

    public int Left => IsClosed ? 0 : free + expected.Count - used;

    /// <summary>No more of them are handed out in this round: the jobs of the lane whose turn it is are not known yet.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Jobs that may start in a round like this one.</summary>
    public int Size => free + expected.Count;

    /// <summary>When the next permit is expected; null when it is free.</summary>
    public long? NextPermitAt => used < free ? null : expected[used - free];

    /// <summary>When more permits are expected; <see cref="LimitState.Never"/> when that is unknown.</summary>
    public long MoreAt { get; } = LimitState.Never;

    public void Use() => used++;

    public void Close() => IsClosed = true;
}
