using System.Net.Http.Json;
using JobService.Auditor;

namespace JobService.Tests.Judges.Audit;

/// <summary>The queues and limits of a run, and what each round sends.</summary>
internal sealed class AuditPlan(HistoryFile history, int nodes, Random random)
{
    private const int Keys = 3;

    private static readonly LimitDefined[] limits =
    [
        // So long that a restart is well inside a window.
        new("window", "window", Permits: 20, PeriodSeconds: 20),
        new("rate", "rate", Permits: 100, PeriodSeconds: 1, Burst: 10, PerKey: true),
        new("pair", "concurrency", Permits: 2, PerKey: true),
    ];

    private static readonly (QueueDefined Queue, int JobsPerRound)[] queues =
    [
        (new(BackloggedQueue, ["window"], 16), 20),
        (new("paced", ["rate"], 16), 60),
        (new("pairs", ["pair"], 16), 60),
        (new("serial", [], 1), 15),
        (new("free", [], 8), 100),
    ];

    private int lastNumber;
    private int lastRequest;

    /// <summary>More than its limit lets through during a run: what still waits at the end is cancelled.</summary>
    public const string BackloggedQueue = "windowed";

    /// <summary>The queue of batches.</summary>
    public const string BatchQueue = "free";

    public static IEnumerable<string> Queues => queues.Select(queue => queue.Queue.Name);

    public static IEnumerable<string> ConcurrencyKeys => Enumerable.Range(0, Keys).Select(KeyOf);

    public const string ConcurrencyLimit = "pair";

    public async Task DefineAsync(HttpClient client, string target)
    {
        foreach (var limit in limits)
        {
            history.Add(limit);
            await PutAsync(client, $"/v1/limits/{limit.Name}", limit.Kind == "concurrency"
                ? new { kind = limit.Kind, permits = limit.Permits, scope = "perKey" }
                : (object)new { kind = limit.Kind, permits = limit.Permits, periodSeconds = limit.PeriodSeconds, burst = limit.Kind == "rate" ? limit.Burst : (int?)null, scope = limit.PerKey ? "perKey" : "shared" });
        }

        // A crash counts as a failure, and a job may meet every kill: enough attempts for all of them, and retries that hardly wait.
        foreach (var (queue, _) in queues)
        {
            history.Add(queue with { Nodes = nodes });
            await PutAsync(client, $"/v1/queues/{queue.Name}", new
            {
                target = new { kind = "http", baseAddress = $"{target}/{queue.Name}" },
                limits = queue.Limits,
                maxConcurrency = queue.MaxConcurrency,
                retry = new { maxAttempts = 100, baseSeconds = 0.01, maxSeconds = 0.05 },
            });
        }
    }

    public Submit[] NextRound()
    {
        var jobs = queues.SelectMany(queue => Enumerable.Range(0, queue.JobsPerRound).Select(_ => NewJob(queue.Queue.Name))).ToArray();
        random.Shuffle(jobs);
        return jobs;
    }

    public Submit[] NextBatch(int size)
    {
        var request = NextRequest();
        return [.. Enumerable.Range(0, size).Select(_ => new Submit(request, Interlocked.Increment(ref lastNumber), BatchQueue, Lock: LockOf(random.Next(2))))];
    }

    public int NextRequest() => Interlocked.Increment(ref lastRequest);

    private Submit NewJob(string queue)
    {
        var number = Interlocked.Increment(ref lastNumber);
        return new Submit(
            0,
            number,
            queue,
            KeyOf(random.Next(Keys)),
            Lock: queue == BatchQueue && random.Next(4) == 0 ? LockOf(random.Next(2)) : null,
            IdempotencyKey: random.Next(2) == 0 ? $"submission-{number}" : null);
    }

    private static string LockOf(int index) => $"lock-{index}";

    private static string KeyOf(int index) => $"key-{index}";

    private static async Task PutAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PutAsJsonAsync(path, body);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {await response.Content.ReadAsStringAsync()}");
    }
}
