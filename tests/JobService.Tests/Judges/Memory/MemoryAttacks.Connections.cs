using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

internal sealed partial class MemoryAttacks
{
    private const int StillLooks = 5;
    private const int MostLooks = 50;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private Task HeadersAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, size.Crowd, "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, 120).Select(i => $"x-{i}: {new string('x', 990)}\r\n")), hang);

    private async Task FieldsAsync(ServerProcess service, CancellationToken hang)
    {
        var fields = string.Concat(Enumerable.Range(0, 60).Select(i => $"x-{i}: {new string('x', 250)}\r\n"));
        var request = Encoding.ASCII.GetBytes($"GET /v1/jobs/{await WaitingAsync(service, hang)}?wait=45 HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        await TakeLittleAsync(service, size.Crowd, _ => request, hang);
    }

    private Task BodiesAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, size.Crowd, Head("POST /v1/jobs", "Content-Length: 1000000") + "{\"payload\":\"" + new string('x', 500_000), hang);

    private Task ChunksAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, size.Crowd, Head("POST /v1/batches?queue=default", "Transfer-Encoding: chunked", "application/x-ndjson") + "F4240\r\n{\"payload\":\"" + new string('x', 500_000), hang);

    private Task PutsAsync(ServerProcess service, CancellationToken hang) =>
        HalfAsync(service, 5 * size.Many, Head("PUT /v1/queues/some", "Content-Length: 1048576") + "{\"target\":{\"headers\":{\"x\":\"" + new string('x', 900_000), hang);

    private async Task DeepAsync(ServerProcess service, CancellationToken hang)
    {
        var deep = Encoding.UTF8.GetBytes("{\"payload\":" + new string('[', 1_000_000));
        await ReadAsync(service, i => $"{(i % 2 == 0 ? "POST /v1/jobs" : "PUT /v1/queues/some")}\r\nContent-Type: application/json\r\n", size.Many, hang, deep);
    }

    private static string Head(string request, string length, string type = "application/json") => $"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n{length}\r\n\r\n";

    /// <summary>Sends the beginning of a request on each connection, as far as the service takes it, and nothing more.</summary>
    private static async Task HalfAsync(ServerProcess service, int connections, string beginning, CancellationToken hang)
    {
        var bytes = Encoding.ASCII.GetBytes(beginning);
        var clients = new List<SlowClient>();
        try
        {
            await ConnectAsync(clients, service.Address, connections, hang);
            await UntilStillAsync(service, clients, (client, _, enough) => client.SendAsync(bytes, enough), hang);
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

    private static async Task ConnectAsync(List<SlowClient> clients, IPEndPoint server, int connections, CancellationToken hang)
    {
        for (var i = 0; i < connections; i++)
            clients.Add(await SlowClient.ConnectAsync(server, hang));
    }

    /// <summary>All at once, and each then takes what lies in the kernel.</summary>
    private static async Task UntilStillAsync(ServerProcess service, List<SlowClient> clients, Func<SlowClient, int, CancellationToken, Task<bool>> send, CancellationToken hang, Func<Task>? meanwhile = null)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(hang);
        var all = Task.WhenAll(clients.Select(async (client, i) =>
        {
            await send(client, i, enough.Token);
            await client.ReadAsync(enough.Token);
        }));
        await StillAsync(service, clients, hang);
        if (meanwhile is not null)
        {
            await meanwhile();
            await StillAsync(service, clients, hang);
        }

        await enough.CancelAsync();
        await ((Task)all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Until nothing has moved for a while, and the service has had nothing to do: what has not come by then waits for those that do not go on.</summary>
    private static async Task StillAsync(ServerProcess service, List<SlowClient> clients, CancellationToken hang)
    {
        using var looks = new PeriodicTimer(Look, TimeProvider.System);
        var (moved, worked, still) = (-1L, TimeSpan.Zero, 0);
        for (var look = 0; look < MostLooks && still < StillLooks; look++)
        {
            await looks.WaitForNextTickAsync(hang);
            var (bytes, cpu) = (clients.Sum(client => client.Moved), service.CpuTime);
            still = bytes == moved && cpu - worked < Look / 5 ? still + 1 : 0;
            (moved, worked) = (bytes, cpu);
        }
    }

    /// <summary>It lives and serves others. A connection that was cut with those of the attack comes back, as any client's would.</summary>
    private static async Task PingAsync(ServerProcess service, CancellationToken hang)
    {
        while (true)
        {
            try
            {
                using var response = await service.Client.GetAsync(new Uri("/livez", UriKind.Relative), hang);
                response.EnsureSuccessStatusCode();
                return;
            }
            catch (Exception cut) when ((cut is HttpRequestException { StatusCode: null } or SocketException) && service.IsRunning)
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

    /// <returns>The id of a job that does not end.</returns>
    private static async Task<string> WaitingAsync(ServerProcess service, CancellationToken hang)
    {
        using var submitted = await service.Client.PostAsJsonAsync("/v1/jobs", new { payload = 1, notBefore = "2099-01-01T00:00:00Z" }, hang);
        return await IdAsync(submitted, hang);
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

    private static async Task<string> IdAsync(HttpResponseMessage submitted, CancellationToken hang) =>
        (await submitted.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;

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
