using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;
using Npgsql;

namespace JobService.Tests.Judges;

/// <summary>Two nodes on one database: one works, the other waits and takes over.</summary>
[Collection(JudgesAlone.Name)]
public sealed class TakeOverTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-nodes-");
    private readonly IReadOnlyDictionary<string, string> settings = PostgresFixture.Settings();
    private readonly CancellationTokenSource hang = new(TimeSpan.FromMinutes(2));
    private ServerProcess first = null!;
    private ServerProcess second = null!;

    public async ValueTask InitializeAsync()
    {
        first = await JobServiceProcess.StartAsync(folder, settings);
        second = await JobServiceProcess.StartAsync(folder, settings, until: "/livez");
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        hang.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_node_that_waits_says_so_and_takes_no_request()
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(second.Client, "/readyz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(second.Client, "/v1/jobs"));
        using var refused = await second.Client.PostAsJsonAsync("/v1/jobs", new { payload = 1 }, hang.Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("Another node", await refused.Content.ReadAsStringAsync(hang.Token), StringComparison.Ordinal);
        Assert.Empty(folder.GetFiles("jobs.db*"));
    }

    [Fact]
    public async Task After_a_crash_the_other_node_goes_on_within_5_seconds_with_all_jobs()
    {
        await DefineQueueAsync("slow", latency: 60);
        await DefineQueueAsync("quick", latency: 0);
        var ended = await SubmitAsync(first, "quick");
        var end = await EndOfAsync(first, ended);
        var running = await SubmitAsync(first, "slow");
        while ((await JobAsync(first, running)).GetProperty("state").GetString() != "running")
            await Task.Yield();

        first.Kill();
        var taken = await UntilReadyAsync(second);

        Assert.InRange(taken, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(end.ToString(), (await JobAsync(second, ended)).ToString());
        var crashed = await JobAsync(second, running);
        Assert.Equal((1, "crashed"), (crashed.GetProperty("failures").GetInt32(), crashed.GetProperty("attempts")[0].GetProperty("outcome").GetString()));
        Assert.Equal("succeeded", (await EndOfAsync(second, await SubmitAsync(second, "quick"))).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_stop_hands_over_at_once()
    {
        await DefineQueueAsync("quick", latency: 0);
        var ended = await SubmitAsync(first, "quick");
        await EndOfAsync(first, ended);

        var own = await TermAsync();
        var stop = first.StopAsync();
        await UntilReadyAsync(second);

        Assert.Equal(0, await stop);
        // Given back, not run out: a term that is not released lasts 3 s longer than its holder.
        Assert.Equal(own + 1, await TermAsync());
        Assert.Contains("nobody", second.Output, StringComparison.Ordinal);
        Assert.Equal("succeeded", (await JobAsync(second, ended)).GetProperty("state").GetString());
    }

    private async Task<TimeSpan> UntilReadyAsync(ServerProcess node)
    {
        var start = Stopwatch.GetTimestamp();
        while (await StatusAsync(node.Client, "/readyz") != HttpStatusCode.OK)
            hang.Token.ThrowIfCancellationRequested();
        var elapsed = Stopwatch.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine($"Taken over after {elapsed.TotalSeconds:F2} s");
        return elapsed;
    }

    private async Task<long> TermAsync()
    {
        await using var database = NpgsqlDataSource.Create(settings["JobService:Storage:Postgres"]);
        await using var select = database.CreateCommand("SELECT epoch FROM terms");
        return (long)(await select.ExecuteScalarAsync(hang.Token))!;
    }

    private async Task DefineQueueAsync(string queue, double latency)
    {
        using var response = await first.Client.PutAsJsonAsync($"/v1/queues/{queue}", new { target = new { kind = "simulated", latencySeconds = new { min = latency, max = latency } }, timeoutSeconds = 90 }, hang.Token);
        response.EnsureSuccessStatusCode();
    }

    private async Task<string> SubmitAsync(ServerProcess node, string queue)
    {
        using var response = await node.Client.PostAsJsonAsync("/v1/jobs", new { queue, payload = 1 }, hang.Token);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(hang.Token)).GetProperty("id").GetString()!;
    }

    private Task<JsonElement> JobAsync(ServerProcess node, string id) => node.Client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}", hang.Token);

    private Task<JsonElement> EndOfAsync(ServerProcess node, string id) => node.Client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=20", hang.Token);

    private async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), hang.Token);
        return response.StatusCode;
    }
}
