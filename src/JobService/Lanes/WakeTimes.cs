using JobService.Limits;

namespace JobService.Lanes;

/// <summary>When the heads of lines may go. A line that has got another moment since stands in it twice; only the last one counts.</summary>
internal sealed class WakeTimes
{
    private readonly PriorityQueue<LimitLine, long> moments = new();

    /// <summary>The first moment; <see cref="LimitState.Never"/> when there is none.</summary>
    public long First
    {
        get
        {
            while (moments.TryPeek(out var line, out var at))
            {
                if (line.WakeAt == at)
                    return at;
                moments.Dequeue();
            }

            return LimitState.Never;
        }
    }

    public void Add(LimitLine line) => moments.Enqueue(line, line.WakeAt);

    /// <summary>Takes out the lines whose moment comes no later.</summary>
    public void TakeDue(long until, ICollection<LimitLine> into)
    {
        while (First <= until && moments.TryDequeue(out var line, out _))
        {
            line.WakeAt = LimitState.Never;
            into.Add(line);
        }
    }
}
