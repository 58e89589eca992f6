using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>Inputs of jobs that their claims have left in the store, read within a memory budget.</summary>
/// <remarks>
/// A claim that finds no free memory gives its slot up: others may use it, and it would have passed by the time memory is free. The job waits for its turn; then it returns to its lane, and its input is kept for the next claim, which starts
/// in its slot. Otherwise each wait would end too late for a slot, and start again.
/// </remarks>
public sealed class LargeInputs(IJobStore store, IOptions<UpstreamOptions> options, TimeProvider time)
{
    /// <summary>Its next claim mostly follows in the next turn. If something delays it longer than this, the memory is released for others.</summary>
    internal static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<JobId, LargeInput> kept = new();

    internal ByteBudget Budget { get; } = new(options.Value.MaxHeldBytes, time);

    /// <summary>The input of a job that has just been claimed.</summary>
    /// <returns>Null when the claim contains the whole input.</returns>
    public LargeInput? Open(ClaimedJob job) => job.UnreadBytes == 0 ? null : kept.TryRemove(job.Id, out var input) ? input : new LargeInput(job, store, Budget);

    /// <summary>Whether some job of the queue has its input in memory and waits to be claimed.</summary>
    public bool IsKeptFor(QueueEntry queue) => !kept.IsEmpty && kept.Values.Any(input => input.Job.Queue.Name == queue.Name);

    /// <summary>The job returns to its lane, and already has its input when it is claimed again.</summary>
    public void Keep(LargeInput input)
    {
        var id = input.Job.Id;
        kept[id] = input;
        _ = DropLaterAsync();

        async Task DropLaterAsync()
        {
            await Task.Delay(KeptFor, time, CancellationToken.None);
            if (kept.TryRemove(KeyValuePair.Create(id, input)))
                input.Dispose();
        }
    }
}
