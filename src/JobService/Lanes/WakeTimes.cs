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

    /// <summary>Takes out the lines whose moment comes no later: the first of them, at most so many.</summary>
    public void TakeDue(long until, int atMost, ICollection<LimitLine> into)
    {
        for (var taken = 0; taken < atMost && First <= until && moments.TryDequeue(out var line, out _); taken++)
        {
            line.WakeAt = LimitState.Never;
            into.Add(line);
        }
    }
}
