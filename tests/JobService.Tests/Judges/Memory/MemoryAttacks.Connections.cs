using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

internal static partial class MemoryAttacks
{
    private static Task HeadersAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, crowd, "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, 120).Select(i => $"x-{i}: {new string('x', 990)}\r\n")), hang);

    private static Task BodiesAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, crowd, Head("POST /v1/jobs", "Content-Length: 1000000") + "{\"payload\":\"" + new string('x', 500_000), hang);

    private static Task ChunksAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, crowd, Head("POST /v1/batches?queue=default", "Transfer-Encoding: chunked", "application/x-ndjson") + "F4240\r\n{\"payload\":\"" + new string('x', 500_000), hang);

    private static Task PutsAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, 5 * Many, Head("PUT /v1/queues/some", "Content-Length: 1048576") + "{\"target\":{\"headers\":{\"x\":\"" + new string('x', 900_000), hang);

    private static async Task DeepAsync(ServerProcess service, CancellationToken hang)
    {
        var deep = Encoding.UTF8.GetBytes("{\"payload\":" + new string('[', 1_000_000));
        await ReadAsync(service, i => $"{(i % 2 == 0 ? "POST /v1/jobs" : "PUT /v1/queues/some")}\r\nContent-Type: application/json\r\n", Many, hang, deep);
    }

    private static string Head(string request, string length, string type = "application/json") => $"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n{length}\r\n\r\n";

    /// <summary>Sends the beginning of a request on each connection, as far as the service takes it, and nothing more.</summary>
    private static async Task HalfAsync(ServerProcess service, int connections, string beginning, CancellationToken hang)
    {
        var bytes = Encoding.ASCII.GetBytes(beginning);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(hang);
        var clients = new List<SlowClient>();
        try
        {
            for (var i = 0; i < connections; i++)
                clients.Add(await SlowClient.ConnectAsync(service.Address, hang));
            enough.CancelAfter(TimeSpan.FromSeconds(8)); // what has not been taken by then waits in the kernel
            await ((Task)Task.WhenAll(clients.Select(client => client.SendAsync(bytes, enough.Token)))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await PingAsync(service, hang);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>Asks on many connections at once and reads no more than the first bytes of each response.</summary>
    private static async Task ReadAsync(ServerProcess service, Func<int, string> request, int times, CancellationToken hang, byte[]? body = null)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, times).Select(i => SlowClient.SendAsync(service.Address, request(i), body, hang)));
        try
        {
            await Task.WhenAll(clients.Select(client => client.BeginAsync(hang)));
            await PingAsync(service, hang);
            await Console.Error.WriteLineAsync("  " + string.Join(", ", clients.GroupBy(client => client.Status).Select(group => $"{group.Count()} × {group.Key}")));
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    /// <summary>It lives and serves others. A connection that was cut with those of the attack comes back, as any client's would.</summary>
    private static async Task PingAsync(ServerProcess service, CancellationToken hang)
    {
        while (true)
        {
            try
            {
                using var answer = await service.Client.GetAsync(new Uri("/livez", UriKind.Relative), hang);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException cut) when (cut.StatusCode is null && service.IsRunning)
            {
                hang.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>A queue whose jobs end at once, each with its payload as its result.</summary>
    private static async Task SimulatedAsync(ServerProcess service, int maxConcurrency, CancellationToken hang)
    {
        using var made = await service.Client.PutAsJsonAsync("/v1/queues/simulated", new { target = new { kind = "simulated", latencySeconds = new { min = 0, max = 0 } }, maxConcurrency }, hang);
        made.EnsureSuccessStatusCode();
    }

    /// <returns>The id of a batch of 300 results of 60 kB each.</returns>
    private static async Task<string> LargeBatchAsync(ServerProcess service, CancellationToken hang)
    {
        const int Jobs = 300;
        await SimulatedAsync(service, 16, hang);
        using var lines = new StringContent(string.Concat(Enumerable.Repeat($"{{\"payload\":\"{new string('x', 60_000)}\"}}\n", Jobs)), Encoding.UTF8, "application/x-ndjson");
        using var submitted = await service.Client.PostAsync(new Uri("/v1/batches?queue=simulated", UriKind.Relative), lines, hang);
        var id = await IdAsync(submitted, hang);
        await EndAsync(service, id, Jobs, hang);
        return id;
    }

    private static async Task<string> IdAsync(HttpResponseMessage batch, CancellationToken hang) =>
        (await batch.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;

    /// <summary>Waits for the end of a batch.</summary>
    /// <returns>The ids of the jobs that ended last.</returns>
    private static async Task<string[]> EndAsync(ServerProcess service, string batch, int jobs, CancellationToken hang)
    {
        JsonElement page;
        do
            page = await service.Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{batch}/results?order=completion&wait=60&limit=20&cursor=c{Math.Max(0, jobs - 10)}", hang);
        while (!page.GetProperty("complete").GetBoolean());
        return [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
    }
}
