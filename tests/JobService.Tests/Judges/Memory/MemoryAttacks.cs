using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

/// <summary>What clients, APIs and receivers may send to make a service take much memory. Each knows by what the service answers, or by that nothing moves any more, that it has got through.</summary>
internal sealed partial class MemoryAttacks(AttackSize size)
{
    /// <param name="service">Fresh.</param>
    /// <param name="hang">Ends every wait.</param>
    public delegate Task Attack(ServerProcess service, CancellationToken hang);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, (string What, Attack RunAsync)> All => new Dictionary<string, (string, Attack)>
    {
        ["results"] = ($"{size.Many} readers of results of 9.9 MB that do not read on", ResultsAsync),
        ["pages"] = ($"{size.Many} readers of pages of a batch's results, 16 MB each", PagesAsync),
        ["streams"] = ($"{size.Many} readers of streams of the same", StreamsAsync),
        ["lists"] = ($"{size.Many} readers of 500 jobs with large tags each", ListsAsync),
        ["waits"] = ($"{size.Many} clients that wait for jobs of 1 MB, and then do not read their results", WaitsAsync),
        ["running"] = ($"{size.Running} jobs of 1 MB each with a permit to run at once", RunningAsync),
        ["puts"] = ($"{size.Many} definitions of 1 MB, half of each sent", PutsAsync),
        ["headers"] = ($"{size.Crowd:n0} connections with 120 kB of header fields each", HeadersAsync),
        ["fields"] = ($"{size.Crowd:n0} connections that wait, with 16 kB of header fields each", FieldsAsync),
        ["bodies"] = ($"{size.Crowd:n0} connections with half a body each", BodiesAsync),
        ["chunks"] = ($"{size.Crowd:n0} connections with half a chunked upload each", ChunksAsync),
        ["crowd-results"] = ($"{size.Crowd:n0} readers of results of 9.9 MB that do not read on", CrowdResultsAsync),
        ["crowd-views"] = ($"{size.Crowd:n0} readers of jobs with results of 360 kB", CrowdViewsAsync),
        ["crowd-streams"] = ($"{size.Crowd:n0} readers of streams of a batch's results, 18 MB", CrowdStreamsAsync),
        ["crowd-events"] = ($"{size.Crowd:n0} readers of all events that do not read on", CrowdEventsAsync),
        ["crowd-maps"] = ($"{size.Crowd:n0} maps, half a line sent, results not read", CrowdMapsAsync),
        ["few-views"] = ($"{Few} readers of jobs with results of 360 kB", FewViewsAsync),
        ["few-streams"] = ($"{Few} readers of streams of a batch's results, 18 MB", FewStreamsAsync),
        ["h2-bodies"] = ($"HTTP/2: {size.Http2Connections:n0} connections with {StreamsEach} half bodies each", Http2BodiesAsync),
        ["h2-results"] = ($"HTTP/2: {size.Http2Connections:n0} connections with {StreamsEach} readers of results of 9.9 MB each", Http2ResultsAsync),
        ["h2-views"] = ($"HTTP/2: {size.Http2Connections:n0} connections with {StreamsEach} readers of jobs with results of 360 kB each", Http2ViewsAsync),
        ["h2-fields"] = ($"HTTP/2: {size.Http2Connections:n0} connections with {StreamsEach} waits each whose 16 kB of header fields are four bytes long", Http2FieldsAsync),
        ["h2-halves"] = ($"HTTP/2: {size.Http2Connections:n0} connections with header sections of 30 kB in pieces that do not end", Http2HalvesAsync),
        ["h2-settings"] = ($"HTTP/2: {size.Http2Connections:n0} connections that send settings and pings and read no answer", Http2SettingsAsync),
        ["h2-resets"] = ($"HTTP/2: {size.Http2Connections:n0} connections that take back each of a thousand requests", Http2ResetsAsync),
        ["deep"] = ($"{size.Many} bodies of 1 MB of nothing but brackets", DeepAsync),
        ["callbacks"] = ($"{size.Many} callbacks whose receivers answer without end", CallbacksAsync),
    };

    private async Task ResultsAsync(ServerProcess service, CancellationToken hang)
    {
        var items = await LargeResultsAsync(service, hang);
        await ReadAsync(service, i => $"GET /v1/jobs/{items[i % items.Length]}/result\r\n", size.Many, hang);
    }

    /// <returns>The ids of jobs with results of 9.9 MB.</returns>
    private static async Task<string[]> LargeResultsAsync(ServerProcess service, CancellationToken hang)
    {
        await using var api = new LargeApi(9_900_000);
        var queue = new { target = new { kind = "http", baseAddress = api.Address }, maxConcurrency = 8 };
        using var made = await service.Client.PutAsJsonAsync("/v1/queues/large", queue, hang);
        using var submitted = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "large", jobs = Enumerable.Repeat(new { payload = 1 }, 8) }, hang);
        return await EndAsync(service, await IdAsync(submitted, hang), 8, hang);
    }

    private async Task PagesAsync(ServerProcess service, CancellationToken hang)
    {
        var batch = await LargeBatchAsync(service, hang);
        await ReadAsync(service, i => $"GET /v1/batches/{batch}/results?order={(i % 2 == 0 ? "input" : "completion")}&limit=1000\r\nAccept: application/json\r\n", size.Many, hang);
    }

    private async Task StreamsAsync(ServerProcess service, CancellationToken hang)
    {
        var batch = await LargeBatchAsync(service, hang);
        await ReadAsync(service, i => $"GET /v1/batches/{batch}/results\r\nAccept: {(i % 2 == 0 ? "application/x-ndjson" : "text/event-stream")}\r\n", size.Many, hang);
    }

    private async Task ListsAsync(ServerProcess service, CancellationToken hang)
    {
        await SimulatedAsync(service, 8, hang);
        var tags = string.Join(',', Enumerable.Range(0, 32).Select(i => $"\"{i}{new string('n', 60)}\":\"{new string('ü', 256)}\""));
        var line = $$$"""{"payload":1,"notBefore":"2099-01-01T00:00:00Z","tags":{{{{tags}}}}}""" + "\n";
        using var lines = new StringContent(string.Concat(Enumerable.Repeat(line, 500)), Encoding.UTF8, "application/x-ndjson");
        using var submitted = await service.Client.PostAsync(new Uri("/v1/batches?queue=simulated", UriKind.Relative), lines, hang);
        submitted.EnsureSuccessStatusCode();
        await ReadAsync(service, _ => "GET /v1/jobs?limit=500\r\n", size.Many, hang);
    }

    private async Task WaitsAsync(ServerProcess service, CancellationToken hang)
    {
        await SimulatedAsync(service, size.Many, hang);
        var body = Encoding.UTF8.GetBytes($$"""{"queue":"simulated","payload":"{{new string('x', 1_000_000)}}"}""");
        await ReadAsync(service, _ => "POST /v1/jobs\r\nContent-Type: application/json\r\nPrefer: wait=20\r\n", size.Many, hang, body);
    }

    private async Task RunningAsync(ServerProcess service, CancellationToken hang)
    {
        const int JobsEach = 5;
        await using var api = new LargeApi(bytes: null);
        using var made = await service.Client.PutAsJsonAsync("/v1/queues/large", new { target = new { kind = "http", baseAddress = api.Address }, maxConcurrency = size.Running, timeoutSeconds = 0.5, retry = new { maxAttempts = 1 } }, hang);
        made.EnsureSuccessStatusCode();
        string batch = "";
        foreach (var _ in Enumerable.Range(0, size.Running / JobsEach))
        {
            using var submitted = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "large", jobs = Enumerable.Repeat(new { payload = new string('x', 1_000_000) }, JobsEach) }, hang);
            batch = await IdAsync(submitted, hang);
        }

        await EndAsync(service, batch, JobsEach, hang);
    }

    private async Task CallbacksAsync(ServerProcess service, CancellationToken hang)
    {
        await using var receiver = new LargeApi(200_000_000);
        await SimulatedAsync(service, 16, hang);
        var job = new { payload = new string('x', 60_000), callback = new { url = receiver.Address + "/", secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } };
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var submitted = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "simulated", jobs = Enumerable.Repeat(job, size.Many / 2) }, hang);
            await EndAsync(service, await IdAsync(submitted, hang), size.Many / 2, hang);
        }

        while (receiver.Arrived < size.Many / 10)
            await PingAsync(service, hang);
    }
}
