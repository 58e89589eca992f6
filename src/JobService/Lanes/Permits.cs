using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What a queue's semaphore offers for one round of planning. Moments are ticks of store time.</summary>
/// <param name="Free">Permits that were taken and are there.</param>
/// <param name="Expected">When running calls are expected to bring theirs back, in order: a job that is claimed for one waits for it in its slot, or gives the slot up.</param>
/// <param name="NextAt">When another one is expected, beyond those; <see cref="LimitState.Never"/> when nobody knows.</param>
public sealed record Permits(int Free, IReadOnlyList<long> Expected, long NextAt)
{
    public Permits(int free)
        : this(free, [], LimitState.Never)
    {
    }

    public int Count => Free + Expected.Count;
}

/// <summary>Asks a queue's semaphore for permits, without waiting.</summary>
/// <param name="queue">Its name.</param>
/// <param name="atMost">So many, free and promised.</param>
/// <param name="until">Ticks of store time: permits that are expected later are not promised yet. Null when no promise is of use.</param>
public delegate Permits TakePermits(string queue, int atMost, long? until);

/// <summary>Gives back what was taken and not used; of the promises those that were made last.</summary>
public delegate void ReturnPermits(string queue, int free, int promised);

/// <summary>The permits of one queue while a round hands them out: the free ones first.</summary>
internal sealed class PermitPool(Permits offered)
{
    private int used;

    public int Left => offered.Count - used;

    public int FreeLeft => Math.Max(offered.Free - used, 0);

    public int PromisedLeft => Left - FreeLeft;

    /// <summary>When the next permit is there; null when it is free.</summary>
    public long? NextPermitAt => used < offered.Free ? null : offered.Expected[used - offered.Free];

    /// <summary>When there will be more to ask for.</summary>
    public long MoreAt => offered.NextAt;

    public void Use() => used++;
}
