using System.Threading.Channels;
using JobService.Ledger;

namespace JobService.Storage;

/// <summary>The bounded channels in front of the writer: submissions may arrive in floods, and one turn takes a limited number of them.</summary>
/// <remarks>Single jobs go first, so that none waits for the uploads of others; at least one chunk of uploads is taken in each turn.</remarks>
internal sealed class SubmissionQueue(SubmissionBounds bounds)
{
    private readonly Channel<PendingOperation> jobs = Channel.CreateBounded<PendingOperation>(new BoundedChannelOptions(bounds.Capacity) { SingleReader = true });

    private readonly Channel<(PendingOperation Chunk, int Jobs)> chunks =
        Channel.CreateBounded<(PendingOperation Chunk, int Jobs)>(new BoundedChannelOptions(bounds.Capacity) { SingleReader = true });

    public bool IsEmpty => jobs.Reader.Count == 0 && chunks.Reader.Count == 0;

    /// <returns>False when it is full or closed.</returns>
    public bool TryAdd(PendingOperation job) => jobs.Writer.TryWrite(job);

    /// <summary>Waits until there may be capacity for a job, or until it is closed.</summary>
    public async Task WaitForPlaceAsync(CancellationToken giveUp) => await jobs.Writer.WaitToWriteAsync(giveUp);

    /// <summary>Waits for capacity, too.</summary>
    /// <exception cref="ChannelClosedException">It is closed.</exception>
    public ValueTask AddChunkAsync(PendingOperation chunk, int count) => chunks.Writer.WriteAsync((chunk, count), CancellationToken.None);

    /// <summary>Takes the submissions of one turn.</summary>
    public void MoveTo(List<PendingOperation> commands)
    {
        var taken = 0;
        for (; taken < bounds.JobsPerTurn && jobs.Reader.TryRead(out var job); taken++)
            commands.Add(job);
        for (var isFirst = true; (isFirst || taken < bounds.JobsPerTurn) && chunks.Reader.TryRead(out var next); isFirst = false)
        {
            commands.Add(next.Chunk);
            taken += next.Jobs;
        }
    }

    /// <summary>Accepts nothing more; what has gathered is still taken.</summary>
    public void Close()
    {
        jobs.Writer.TryComplete();
        chunks.Writer.TryComplete();
    }
}
