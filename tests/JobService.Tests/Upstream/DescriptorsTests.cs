using System.Net.Sockets;
using JobService.Tests.Support;
using JobService.Upstream;

namespace JobService.Tests.Upstream;

/// <summary>What a process does that runs out of files.</summary>
public sealed class DescriptorsTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-");

    public void Dispose() => data.Delete(recursive: true);

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024)]
    [InlineData("Max open files            unlimited            unlimited            files     ", 1_000_000)]
    [InlineData("Max open files            1073741816           1073741816           files     ", 1_000_000)]
    [InlineData("Max processes             95933                95933                processes ", 1_000_000)]
    public void The_limit_is_read_as_the_kernel_writes_it(string line, int limit)
    {
        var file = Path.Combine(data.FullName, "limits");
        File.WriteAllText(file, $"Limit                     Soft Limit           Hard Limit           Units     \n{line}\n");

        Assert.Equal(limit, Descriptors.Read(file));
        Assert.Equal(1_000_000, Descriptors.Read(file + ".none"));
    }

    [Theory]
    [InlineData(256, 8)]
    [InlineData(512, 56)]
    [InlineData(1_024, 312)]
    [InlineData(1_000_000, 499_800)]
    public void Clients_and_calls_get_half_each_of_what_the_process_leaves(int limit, int share) => Assert.Equal(share, Descriptors.Share(limit));

    [Fact]
    public async Task A_service_with_few_descriptors_outlives_more_clients_and_calls_than_it_has()
    {
        if (!OperatingSystem.IsLinux())
            return;
        const int few = 512;
        await using var api = new RawTcpApi(WireReplies.Silence());
        var port = FreePort.Next();
        await using var service = await ServerProcess.StartAsync(
            ["/bin/sh", "-c", $"ulimit -n {few}; exec dotnet '{Path.Combine(AppContext.BaseDirectory, "JobService.dll")}'"], data, port, "/readyz", new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                ["JobService__Storage__Path"] = Path.Combine(data.FullName, "jobs.db"),
                ["JobService__Upstream__AllowPrivateNetworks"] = "true",
            });
        using var queue = new StringContent($$"""{"target":{"kind":"http","baseAddress":"{{api.Address}}"},"maxConcurrency":1000}""", System.Text.Encoding.UTF8, "application/json");
        using var made = await service.Client.PutAsync(new Uri("/v1/queues/wide", UriKind.Relative), queue, TestContext.Current.CancellationToken);
        Assert.True(made.IsSuccessStatusCode);

        // As many calls without an answer, and as many clients that say nothing, as would each use up all descriptors.
        using var jobs = new StringContent(string.Concat(Enumerable.Repeat("{\"payload\":1}\n", 2 * few)), System.Text.Encoding.UTF8, "application/x-ndjson");
        using var taken = await service.Client.PostAsync(new Uri("/v1/batches?queue=wide", UriKind.Relative), jobs, TestContext.Current.CancellationToken);
        Assert.True(taken.IsSuccessStatusCode);
        var clients = new List<Socket>();
        for (var i = 0; i < 2 * few; i++)
        {
            var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            clients.Add(client);
            await client.ConnectAsync(service.Address, TestContext.Current.CancellationToken);
        }

        // The client that was there before them is served, and so is who comes after they have gone.
        Assert.Equal("ok", (await ReadyAsync(service.Client)).GetProperty("status").GetString());
        clients.ForEach(client => client.Dispose());
        Assert.Equal("ok", (await ReadyAsync(service.Client)).GetProperty("status").GetString());
        Assert.InRange(api.ConnectionCount, 1, Descriptors.Share(few));
    }

    private static async Task<System.Text.Json.JsonElement> ReadyAsync(HttpClient client) =>
        await System.Net.Http.Json.HttpClientJsonExtensions.GetFromJsonAsync<System.Text.Json.JsonElement>(client, new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
}
