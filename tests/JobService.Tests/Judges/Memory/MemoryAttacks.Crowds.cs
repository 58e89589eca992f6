using System.Net;
using System.Net.Http.Json;
using System.Text;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

internal sealed partial class MemoryAttacks
{

    /// <summary>So few that none of them is cut.</summary>
    private const int Few = 950;

    private async Task CrowdResultsAsync(ServerProcess service, CancellationToken hang)
    {
        var items = await LargeResultsAsync(service, hang);
        await TakeLittleAsync(service, size.Crowd, i => Get($"/v1/jobs/{items[i % items.Length]}/result"), hang);
    }

    private Task CrowdViewsAsync(ServerProcess service, CancellationToken hang) => ViewsAsync(service, size.Crowd, hang);

    private Task CrowdStreamsAsync(ServerProcess service, CancellationToken hang) => StreamsAsync(service, size.Crowd, hang);

    private static Task FewViewsAsync(ServerProcess service, CancellationToken hang) => ViewsAsync(service, Few, hang);

    private static Task FewStreamsAsync(ServerProcess service, CancellationToken hang) => StreamsAsync(service, Few, hang);

    /// <summary>Results that escapes make six times as long, in views of their jobs.</summary>
    private static async Task ViewsAsync(ServerProcess service, int readers, CancellationToken hang)
    {
        var items = await EscapedAsync(service, hang);
        await TakeLittleAsync(service, readers, i => Get($"/v1/jobs/{items[i % items.Length]}"), hang);
    }

    private static async Task StreamsAsync(ServerProcess service, int readers, CancellationToken hang)
    {
        var batch = await LargeBatchAsync(service, hang);
        await TakeLittleAsync(service, readers, i => Get($"/v1/batches/{batch}/results", i % 2 == 0 ? "application/x-ndjson" : "text/event-stream"), hang);
    }

    private async Task CrowdEventsAsync(ServerProcess service, CancellationToken hang)
    {
        await SimulatedAsync(service, 16, hang);
        await TakeLittleAsync(service, size.Crowd, _ => Get("/v1/events", "text/event-stream"), hang, async () =>
        {
            using var jobs = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "simulated", jobs = Enumerable.Repeat(new { payload = 1, key = new string('k', 250) }, 2_000) }, hang);
        });
    }

    private async Task CrowdMapsAsync(ServerProcess service, CancellationToken hang)
    {
        await SimulatedAsync(service, 16, hang);
        var line = $"{{\"payload\":\"{new string('x', 30_000)}\"}}\n";
        var request = Encoding.ASCII.GetBytes(Head("POST /v1/queues/simulated/map", "Transfer-Encoding: chunked", "application/x-ndjson") + $"F4240\r\n{line}{line}{line}{{\"payload\":\"{new string('x', 100_000)}");
        await TakeLittleAsync(service, size.Crowd, _ => request, hang);
    }

    private static byte[] Get(string path, string accept = "*/*") => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n");

    /// <returns>The ids of jobs whose results are 60 kB of control characters.</returns>
    private static async Task<string[]> EscapedAsync(ServerProcess service, CancellationToken hang)
    {
        const int Jobs = 8;
        await using var api = new LargeApi(60_000, (char)1);
        using var made = await service.Client.PutAsJsonAsync("/v1/queues/escaped", new { target = new { kind = "http", baseAddress = api.Address }, maxConcurrency = Jobs }, hang);
        using var submitted = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "escaped", jobs = Enumerable.Repeat(new { payload = 1 }, Jobs) }, hang);
        return await EndAsync(service, await IdAsync(submitted, hang), Jobs, hang);
    }

    /// <summary>Sends on many connections at once and takes what lies in the kernel. Who is refused or cut off says nothing against the service; that it serves others does.</summary>
    private static async Task TakeLittleAsync(ServerProcess service, int connections, Func<int, byte[]> request, CancellationToken hang, Func<Task>? meanwhile = null, bool http2 = false)
    {
        var server = http2 ? new IPEndPoint(IPAddress.Loopback, service.Http2Port) : service.Address;
        var clients = new List<SlowClient>();
        try
        {
            await ConnectAsync(clients, server, connections, hang);
            await UntilStillAsync(service, clients, (client, i, enough) => client.SendAsync(request(i), enough), hang, meanwhile);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await PingAsync(service, hang);
    }
}
