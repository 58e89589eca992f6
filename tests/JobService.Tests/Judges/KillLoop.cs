using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>Kills the real process again and again while clients post jobs, and then asks for every job that was accepted.</summary>
internal sealed class KillLoop(DirectoryInfo data, int kills, Random random, IReadOnlyDictionary<string, string>? settings = null) : IDisposable
{
    private const int Posters = 4;
    private const int MostBeforeKill = 1_500;

    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource hang = new();
    private readonly ConcurrentDictionary<string, int> accepted = new();
    private readonly ConcurrentDictionary<int, byte> unanswered = new();
    private readonly ConcurrentDictionary<string, string> witnessed = new();
    private int lastNumber;

    public async Task<KillReport> RunAsync()
    {
        for (var kill = 0; kill < kills; kill++)
        {
            hang.CancelAfter(HangGuard);
            await using var service = await JobServiceProcess.StartAsync(data, settings);
            if (kill == 0)
                await DefineQueueAsync(service.Client);
            await LoadAndKillAsync(service, killAfter: random.Next(1, MostBeforeKill));
        }

        hang.CancelAfter(HangGuard);
        await using var last = await JobServiceProcess.StartAsync(data, settings);
        var judge = new KillJudge(last.Client, accepted, unanswered.Keys, witnessed, hang.Token);
        return new KillReport(kills, accepted.Count, unanswered.Count, witnessed.Count, await judge.FindWrongAsync());
    }

    public void Dispose() => hang.Dispose();

    // A crash counts as a failure, and a job may meet every kill: enough attempts for all of them, and retries that hardly wait.
    private async Task DefineQueueAsync(HttpClient client)
    {
        using var response = await client.PutAsJsonAsync($"/v1/queues/{KillJudge.Queue}", new
        {
            target = new { kind = "simulated", latencySeconds = new { min = 0.0, max = 0.02 } },
            maxConcurrency = 32,
            retry = new { maxAttempts = 100, baseSeconds = 0.01, maxSeconds = 0.05 },
        }, hang.Token);
        response.EnsureSuccessStatusCode();
    }

    private async Task LoadAndKillAsync(ServerProcess service, int killAfter)
    {
        var toWitness = Channel.CreateUnbounded<string>();
        var acceptedNow = 0;
        void Accept(string id)
        {
            // In the moment of the 202, where a commit that came too late would show.
            if (Interlocked.Increment(ref acceptedNow) == killAfter)
                service.Kill();
            toWitness.Writer.TryWrite(id);
        }

        var posters = Enumerable.Range(0, Posters).Select(_ => PostUntilKilledAsync(service.Client, Accept)).ToList();
        var witness = WitnessUntilKilledAsync(service.Client, toWitness.Reader);
        await Task.WhenAll(posters);
        toWitness.Writer.Complete();
        await witness;
    }

    private async Task PostUntilKilledAsync(HttpClient client, Action<string> accept)
    {
        while (true)
        {
            var number = Interlocked.Increment(ref lastNumber);
            unanswered[number] = 0;
            var job = await UnlessKilledAsync(async () =>
            {
                using var response = await client.PostAsJsonAsync("/v1/jobs", new { queue = KillJudge.Queue, payload = new { number } }, hang.Token);
                var body = await response.Content.ReadAsStringAsync(hang.Token);
                return response.StatusCode == HttpStatusCode.Accepted ? body : throw new InvalidOperationException($"{(int)response.StatusCode}: {body}");
            });
            if (job is null)
                return;

            var id = JsonSerializer.Deserialize<JsonElement>(job).GetProperty("id").GetString()!;
            accepted[id] = number;
            unanswered.TryRemove(number, out _);
            accept(id);

            // What was answered 202 is there for everyone at once: readers see only what is committed.
            if (await UnlessKilledAsync(() => client.GetStringAsync($"/v1/jobs/{id}", hang.Token)) is null)
                return;
        }
    }

    // What a client has seen as finished must be the same after every crash.
    private async Task WitnessUntilKilledAsync(HttpClient client, ChannelReader<string> ids)
    {
        await foreach (var id in ids.ReadAllAsync(hang.Token))
        {
            var body = await UnlessKilledAsync(() => client.GetStringAsync($"/v1/jobs/{id}?wait=5", hang.Token));
            if (body is null)
                return;

            var job = JsonSerializer.Deserialize<JsonElement>(body);
            if (KillJudge.IsFinished(job))
                witnessed[id] = KillJudge.EndOf(job);
        }
    }

    private static async Task<string?> UnlessKilledAsync(Func<Task<string>> request)
    {
        try
        {
            return await request();
        }
        catch (Exception exception) when (exception is HttpRequestException { StatusCode: null } or IOException or SocketException)
        {
            return null;
        }
    }
}
