using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>What jobs send that their claims have left in the store, within a budget.</summary>
/// <remarks>
/// A claim that finds no room gives its slot up: others may use it, and it would have passed by the time there is room. The job waits in its turn; then it goes back to its lane, and its input is kept for the next claim, which starts
/// in its slot. Without that each wait would end too late for a slot, and begin anew.
/// </remarks>
public sealed class LargeInputs(IJobStore store, IOptions<UpstreamOptions> options, TimeProvider time)
{
    /// <summary>Its next claim mostly comes with the next turn. When something else keeps it away, the room is for others again.</summary>
    internal static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<JobId, LargeInput> kept = new();

    internal ByteBudget Budget { get; } = new(options.Value.MaxHeldBytes, time);

    /// <summary>Of a job that has just been claimed.</summary>
    /// <returns>Null when the claim has it all.</returns>
    public LargeInput? Open(ClaimedJob job) => job.UnreadBytes == 0 ? null : kept.TryRemove(job.Id, out var input) ? input : new LargeInput(job, store, Budget);

    /// <summary>Some job of the queue has its input and waits to be claimed.</summary>
    public bool IsKeptFor(QueueEntry queue) => !kept.IsEmpty && kept.Values.Any(input => input.Job.Queue.Name == queue.Name);

    /// <summary>The job goes back to its lane, and has its input already when it is claimed again.</summary>
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
