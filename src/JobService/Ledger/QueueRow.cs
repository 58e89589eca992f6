using JobService.Jobs;

namespace JobService.Ledger;

internal sealed record LimitRow(LimitEntry Entry, string? Declared);

/// <summary>A queue with its jobs counted by state. Owned by the writer.</summary>
internal sealed class QueueRow(long id, QueueEntry entry, string? declared)
{
    public long Id { get; } = id;

    public QueueEntry Entry { get; set; } = entry;

    public string? Declared { get; set; } = declared;

    /// <summary>By <see cref="JobState"/>.</summary>
    public long[] Counts { get; } = new long[5];

    public bool CountsChanged { get; set; }

    public StartMeter Starts { get; } = new();

    public long Unfinished => Counts[(int)JobState.Queued] + Counts[(int)JobState.Running];

    public void Enter(JobState state)
    {
        Counts[(int)state]++;
        CountsChanged = true;
    }

    public void Leave(JobState state)
    {
        Counts[(int)state]--;
        CountsChanged = true;
    }

    public void Move(JobState from, JobState to)
    {
        Leave(from);
        Enter(to);
    }
}
