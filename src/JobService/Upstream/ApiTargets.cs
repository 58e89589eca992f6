using System.Collections.Concurrent;
using System.Text.Json;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Extensions.Options;

namespace JobService.Upstream;

/// <summary>The target of each queue, kept while its definition is unchanged, so that connections stay warm and a circuit stays open across a pause.</summary>
public sealed class ApiTargets(
    TimeProvider time, Func<double> chance, IOptions<UpstreamOptions> options, IConfiguration configuration, ILoggerFactory logs, Dialer dialer) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Kept> queues = new();
    private readonly Lock change = new();
    private readonly ILogger log = logs.CreateLogger<ApiTargets>();

    /// <summary>The current target. A call on one that was replaced meanwhile returns <see cref="CallResult.NotStarted"/>.</summary>
    public IApiTarget For(QueueEntry queue) =>
        queues.TryGetValue(queue.Name, out var kept) && kept.Revision >= queue.Revision ? kept.Target : Replace(queue);

    public async ValueTask DisposeAsync()
    {
        foreach (var kept in queues.Values)
            await kept.Target.DisposeAsync();
    }

    private RetirableTarget Replace(QueueEntry queue)
    {
        lock (change)
        {
            queues.TryGetValue(queue.Name, out var old);
            if (old is not null && old.Revision >= queue.Revision)
                return old.Target;

            var definition = queue.Definition.Target;
            var target = old is not null && IsSame(old.Definition, definition) ? old.Target : new RetirableTarget(Make(queue.Name, definition));
            queues[queue.Name] = new Kept(queue.Revision, definition, target);
            if (old is not null && old.Target != target)
                old.Target.Retire();
            return target;
        }
    }

    private IApiTarget Make(string queue, TargetDefinition definition) => definition.Match<IApiTarget>(
        simulated: target => new SimulatedApi(target, time, chance),
        http: target => new HttpApi(queue, target, options.Value, configuration, time, log, dialer));

    // Records compare a dictionary of headers by reference; a dictionary that the store has read again is a different one.
    private static bool IsSame(TargetDefinition one, TargetDefinition other) =>
        one == other || JsonSerializer.Serialize(one) == JsonSerializer.Serialize(other);

    private sealed record Kept(long Revision, TargetDefinition Definition, RetirableTarget Target);
}
