using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What a queue's semaphore offers. Moments are ticks of store time.</summary>
/// <param name="Free">Permits that are there, and that no claimed job is still to come for.</param>
/// <param name="Expected">When running calls are expected to bring theirs back, in order: a job that is claimed for one waits for it in its slot, or gives the slot up.</param>
public sealed record Permits(int Free, IReadOnlyList<long> Expected)
{
    /// <summary>A call that should have ended so long ago, in ticks, is not counted on: nobody knows when it will.</summary>
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

    /// <param name="offered">What there is.</param>
    /// <param name="atMost">Jobs that may start in this round.</param>
    /// <param name="now">The moment of planning.</param>
    /// <param name="until">Permits that are expected later are not handed out yet; null when none is to be that is not there.</param>
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

    public int Left => free + expected.Count - used;

    /// <summary>When the next permit is there; null when it is free.</summary>
    public long? NextPermitAt => used < free ? null : expected[used - free];

    /// <summary>When there will be more to hand out; <see cref="LimitState.Never"/> when nobody knows.</summary>
    public long MoreAt { get; } = LimitState.Never;

    public void Use() => used++;
}
