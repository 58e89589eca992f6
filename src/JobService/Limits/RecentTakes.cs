namespace JobService.Limits;

/// <summary>The recent takes of a rate, so that one of them can be moved or undone afterwards and the rest is recomputed.</summary>
/// <remarks>
/// A take of some ticks at t moves the theoretical arrival x to max(x, t) + ticks. Any later change of it has that form (a refund of r down to t
/// is max(x, t + r) − r), so that the present arrival is the same chain over the takes as they were corrected. Takes are forgotten after <see cref="Kept"/>: by then
/// every call has started or has given its slot up, including one that waits for a slow handshake.
/// </remarks>
internal sealed class RecentTakes
{
    private const long Kept = 10 * TimeSpan.TicksPerSecond;
    private const int Most = 4_096;

    private Take[] takes = new Take[2];
    private int first;
    private int end;
    private long before;

    /// <summary>The arrival after all of it.</summary>
    public long Arrival => end > first ? takes[end - 1].Arrival : before;

    /// <summary>Starts again with an arrival of which nothing can be undone.</summary>
    public void Restart(long arrival) => (first, end, before) = (0, 0, arrival);

    public void Add(long at, long ticks)
    {
        while (first < end && (takes[first].At < at - Kept || end - first >= Most))
            before = takes[first++].Arrival;
        if (end == takes.Length)
            MakeRoom();
        takes[end] = new Take(at, ticks, checked(Math.Max(Arrival, at) + ticks));
        end++;
    }

    /// <summary>Moves the take to another moment.</summary>
    /// <returns>False when it is forgotten.</returns>
    public bool Move(long at, long ticks, long to)
    {
        var index = Find(at, ticks);
        if (index < 0)
            return false;
        takes[index] = takes[index] with { At = to };
        Follow(index);
        return true;
    }

    /// <summary>Changes the ticks of the take.</summary>
    /// <returns>False when it is forgotten.</returns>
    public bool Change(long at, long ticks, long to)
    {
        var index = Find(at, ticks);
        if (index < 0)
            return false;
        takes[index] = takes[index] with { Ticks = to };
        Follow(index);
        return true;
    }

    /// <summary>Undoes the take.</summary>
    public void Remove(long at, long ticks)
    {
        var index = Find(at, ticks);
        if (index < 0)
            return;
        Array.Copy(takes, index + 1, takes, index, end - index - 1);
        end--;
        Follow(index);
    }

    /// <summary>Takes of the same moment and weight are equivalent: returns the last of them.</summary>
    private int Find(long at, long ticks)
    {
        for (var index = end - 1; index >= first; index--)
        {
            if (takes[index].At == at && takes[index].Ticks == ticks)
                return index;
        }

        return -1;
    }

    private void Follow(int index)
    {
        var arrival = index > first ? takes[index - 1].Arrival : before;
        for (; index < end; index++)
        {
            arrival = Math.Max(arrival, takes[index].At) + takes[index].Ticks;
            takes[index] = takes[index] with { Arrival = arrival };
        }
    }

    private void MakeRoom()
    {
        var count = end - first;
        var target = takes.Length >= 2 * count && first > 0 ? takes : new Take[2 * Math.Max(count, 1)];
        Array.Copy(takes, first, target, 0, count);
        (takes, first, end) = (target, 0, count);
    }

    private readonly record struct Take(long At, long Ticks, long Arrival);
}
