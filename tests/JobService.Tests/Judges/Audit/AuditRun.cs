using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using JobService.Auditor;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Audit;

/// <summary>Records a history: clients submit, repeat, cancel and read while one node after another is killed or told to stop, and starts again.</summary>
/// <param name="data">Where SQLite's file lies. With <c>JobService__Storage__Postgres</c> in the environment, all nodes share that database.</param>
/// <param name="history">What it writes.</param>
/// <param name="kills">Rounds, each of which ends with a kill; every fourth with SIGTERM.</param>
/// <param name="nodes">Processes at a time.</param>
/// <param name="random">Where the kills fall, and what is sent.</param>
/// <param name="program">Another build's JobService.dll. Default: this one.</param>
internal sealed class AuditRun(DirectoryInfo data, HistoryFile history, int kills, int nodes, Random random, string? program = null)
{
    private const int PostersPerNode = 4;
    private const int BatchSize = 20;
    private const int KilledCode = 128 + 9;

    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(3);

    private readonly ServerProcess?[] running = new ServerProcess?[nodes];
    private readonly ConcurrentQueue<Submit> repeats = new();
    private readonly ConcurrentDictionary<int, string> batches = new();
    private readonly ConcurrentDictionary<int, string> accepted = new();

    public async Task RecordAsync()
    {
        using var hang = new CancellationTokenSource(HangGuard);
        await using var target = await AuditTarget.StartAsync(history, new Random(random.Next()));
        try
        {
            await StartNodesAsync();
            var plan = new AuditPlan(history, nodes, random);
            await plan.DefineAsync(running[0]!.Client, target.Address);
            for (var kill = 1; kill <= kills; kill++)
            {
                hang.CancelAfter(HangGuard);
                await LoadAndEndAsync(plan, node: random.Next(nodes), gently: kill % 4 == 0, hang.Token);
                await StartNodesAsync();
            }

            hang.CancelAfter(HangGuard);
            await new AuditExport(running[0]!.Client, history, batches).WriteAsync(hang.Token);
        }
        finally
        {
            foreach (var node in running.OfType<ServerProcess>())
                await node.DisposeAsync();
        }
    }

    private async Task StartNodesAsync()
    {
        for (var node = 0; node < nodes; node++)
        {
            if (running[node] is { IsRunning: true })
                continue;
            if (running[node] is { } ended)
                await ended.DisposeAsync();
            running[node] = await JobServiceProcess.StartAsync(data, program: program);
        }
    }

    private async Task LoadAndEndAsync(AuditPlan plan, int node, bool gently, CancellationToken hang)
    {
        var round = plan.NextRound();
        var endAfter = random.Next(1, round.Length);
        var work = new ConcurrentQueue<Submit>([.. repeats, .. round]);
        repeats.Clear();
        var count = 0;
        var stopping = Task.CompletedTask;
        var toRead = Channel.CreateUnbounded<(HttpClient, string)>();
        void Accept(HttpClient client, string id)
        {
            // In the moment of the 202, where a commit that came too late would show.
            if (Interlocked.Increment(ref count) == endAfter)
                stopping = EndAsync(node, gently);
            toRead.Writer.TryWrite((client, id));
        }

        await PostBatchAsync(plan, running[node]!.Client, hang);
        var readers = Enumerable.Range(0, PostersPerNode).Select(_ => ReadAsync(toRead.Reader, hang)).ToArray();
        await Task.WhenAll(running.SelectMany(process => Enumerable.Range(0, PostersPerNode).Select(_ => PostAsync(plan, process!.Client, work, Accept, hang))));
        if (running[node]!.IsRunning && stopping.IsCompleted)
            stopping = EndAsync(node, gently);
        toRead.Writer.Complete();
        await Task.WhenAll(readers);
        await stopping;
    }

    private async Task EndAsync(int node, bool gently)
    {
        var process = running[node]!;
        history.Add(gently ? new Stop(node) : new Kill(node));
        if (!gently)
            process.Kill();
        history.Add(new Exited(node, gently ? await process.StopAsync() : KilledCode));
    }

    private async Task PostAsync(AuditPlan plan, HttpClient client, ConcurrentQueue<Submit> work, Action<HttpClient, string> accept, CancellationToken hang)
    {
        while (work.TryDequeue(out var job))
        {
            var submit = job with { Request = plan.NextRequest(), At = history.Now };
            history.Add(submit);
            // Without an answer the job may exist or not: a client with an idempotency key comes again.
            if (await SendAsync(client, HttpMethod.Post, "/v1/jobs", Body(submit), submit.IdempotencyKey, hang) is not var (status, body))
            {
                if (submit.IdempotencyKey is not null)
                    repeats.Enqueue(job);
                return;
            }

            var id = status == 202 ? body.GetProperty("id").GetString()! : null;
            history.Add(new Submitted(submit.Request, status, id));
            if (id is null)
                continue;
            var isFirst = accepted.TryAdd(submit.Number, id);
            if (submit.IdempotencyKey is not null && isFirst && submit.Number % 5 == 0)
                repeats.Enqueue(job);
            accept(client, id);
            if (submit.Number % 12 == 0 && !await CancelAsync(client, id, hang))
                return;
        }
    }

    private static object Body(Submit submit) =>
        new { queue = submit.Queue, key = submit.Key, @lock = submit.Lock, payload = new { number = submit.Number }, tags = new { number = $"{submit.Number}" } };

    private async Task PostBatchAsync(AuditPlan plan, HttpClient client, CancellationToken hang)
    {
        var jobs = plan.NextBatch(BatchSize);
        foreach (var job in jobs)
            history.Add(job);
        if (await SendAsync(client, HttpMethod.Post, "/v1/batches", new { queue = AuditPlan.BatchQueue, jobs = jobs.Select(Body) }, null, hang) is not var (status, body))
            return;
        var id = body.GetProperty("id").GetString()!;
        history.Add(new Submitted(jobs[0].Request, status, Batch: id));
        batches[jobs[0].Request] = id;
    }

    private async Task<bool> CancelAsync(HttpClient client, string id, CancellationToken hang)
    {
        history.Add(new Cancel(id));
        if (await SendAsync(client, HttpMethod.Post, $"/v1/jobs/{id}/cancel", null, null, hang) is not var (status, _))
            return false;
        history.Add(new CancelResponse(id, status));
        return true;
    }

    // What a client has seen as finished must be the same after every crash.
    private async Task ReadAsync(ChannelReader<(HttpClient Client, string Id)> ids, CancellationToken hang)
    {
        await foreach (var (client, id) in ids.ReadAllAsync(hang))
        {
            if (await SendAsync(client, HttpMethod.Get, $"/v1/jobs/{id}?wait=0.2", null, null, hang) is (200, var job) && AuditExport.IsOver(job))
                history.Add(new Seen(id, job.GetProperty("state").GetString()!, job.GetProperty("finishedAt").GetString()!, AuditExport.ResultOf(job)));
        }
    }

    private static async Task<(int Status, JsonElement Body)?> SendAsync(HttpClient client, HttpMethod method, string path, object? body, string? idempotencyKey, CancellationToken hang)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
                request.Content = body is null ? new ByteArrayContent([]) : JsonContent.Create(body);
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", $"\"{idempotencyKey}\"");
            using var response = await client.SendAsync(request, hang);
            return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(hang));
        }
        catch (Exception cut) when (cut is HttpRequestException { StatusCode: null } or IOException or SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
