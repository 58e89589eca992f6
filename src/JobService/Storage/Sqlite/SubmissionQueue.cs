using System.Threading.Channels;
using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>The bounded channel in front of the writer: submissions may come in floods, and one turn takes so much of them and no more.</summary>
internal sealed class SubmissionQueue(SubmissionBounds bounds)
{
    private readonly Channel<(Envelope Submission, int Jobs)> channel =
        Channel.CreateBounded<(Envelope Submission, int Jobs)>(new BoundedChannelOptions(bounds.Capacity) { SingleReader = true });

    public bool IsEmpty => channel.Reader.Count == 0;

    /// <returns>False when it is full or closed.</returns>
    public bool TryAdd(Envelope submission, int jobs) => channel.Writer.TryWrite((submission, jobs));

    /// <summary>Waits until there may be a place, or until it is closed.</summary>
    public async Task WaitForPlaceAsync(CancellationToken giveUp) => await channel.Writer.WaitToWriteAsync(giveUp);

    /// <summary>What one turn takes of it.</summary>
    public void MoveTo(List<Envelope> commands)
    {
        for (var jobs = 0; jobs < bounds.JobsPerTurn && channel.Reader.TryRead(out var next); jobs += next.Jobs)
            commands.Add(next.Submission);
    }

    /// <summary>Nothing more comes in; what is here is still taken.</summary>
    public void Close() => channel.Writer.TryComplete();
}
