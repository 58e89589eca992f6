using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>Public rate limiters of several kinds and ecosystems, as their packages come, refuse none of our calls with the limit that docs/limiters.md names for them.</summary>
/// <remarks>The whole table, and how much of each limit is used on a quiet machine: <c>scripts/limiters.sh</c>.</remarks>
[Collection(JudgesAlone.Name)]
public sealed class LimiterTests(LimitedService service) : IClassFixture<LimitedService>
{
    private const int Jobs = 40;

    /// <summary>Other work on the machine can hold the limiter itself back by more than the margin of its limit: what is wrong with us is wrong in every round.</summary>
    private const int Rounds = 5;

    /// <summary>What is left of the pace on a machine that does much else too; asked for is 0.97 on a quiet one.</summary>
    private const double LeastUse = 0.5;

    [Theory]
    // A fixed window that begins with its first call, and tells its end rounded up.
    [InlineData("express-rate-limit")]
    // Headers that end with the throttler's name; one call too many blocks for a second.
    [InlineData("nest-throttler-named")]
    // A fixed window whose Retry-After is always 0.
    [InlineData("koa-ratelimit")]
    // Sliding logs.
    [InlineData("flask-limiter-moving-window")]
    [InlineData("django-rest-framework")]
    // Windows aligned to the clock's seconds, of which nothing is told.
    [InlineData("rack-attack")]
    // This window and a share of the last; at HAProxy refused calls count too.
    [InlineData("symfony-sliding_window")]
    [InlineData("haproxy")]
    public async Task A_public_limiter_refuses_nothing_and_is_used(string name)
    {
        var rig = LimiterRig.All.Single(each => each.Name == name);
        var report = await JudgeAsync(rig, name);
        for (var round = 1; round < Rounds && !IsClean(report); round++)
            report = await JudgeAsync(rig, $"{name}-{round}");

        Assert.Equal((Accepted: Jobs, Refused: 0, Duplicates: 0), (report.Accepted, report.Refused, report.Duplicates));
        Assert.InRange(report.PerSecond / LimiterRig.PerSecond, LeastUse, double.MaxValue);
    }

    [Theory]
    [InlineData("express-rate-limit")]
    [InlineData("haproxy")]
    public async Task A_judge_refuses_what_comes_too_early(string name)
    {
        await using var limiter = await RunningLimiter.StartAsync(LimiterRig.All.Single(each => each.Name == name));
        for (var call = 0; call < 15; call++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Job-Id", "same" } } };
            using (await limiter.Client.SendAsync(message, TestContext.Current.CancellationToken)) { }
        }

        var report = await limiter.StopAndReportAsync();

        Assert.InRange(report.Refused, 1, 5);
        Assert.Equal((15, report.Accepted - 1), (report.Accepted + report.Refused, report.Duplicates));
    }

    private static bool IsClean(LimiterReport report) => report.Refused == 0 && report.PerSecond >= LeastUse * LimiterRig.PerSecond;

    private async Task<LimiterReport> JudgeAsync(LimiterRig rig, string queue)
    {
        await using var limiter = await RunningLimiter.StartAsync(rig);
        await service.PutAsync($"/v1/limits/{queue}", rig.Limit);
        await service.PutAsync($"/v1/queues/{queue}", rig.QueueFor(limiter.BaseAddress, queue));
        await service.RunAsync(queue, Jobs);
        return await limiter.StopAndReportAsync();
    }
}

/// <summary>One service for all of them, and what those on Node.js need.</summary>
public sealed class LimitedService : IAsyncLifetime
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-limiters-test-");
    private ServerProcess? service;

    private HttpClient Client => service!.Client;

    public async ValueTask InitializeAsync()
    {
        await Npm.InstallAsync(Path.Combine(LimiterRig.Folder, "node"));
        service = await JobServiceProcess.StartAsync(data);
    }

    public async ValueTask DisposeAsync()
    {
        if (service is not null)
            await service.DisposeAsync();
        data.Delete(recursive: true);
    }

    internal async Task PutAsync(string path, object body)
    {
        using var response = await Client.PutAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Submits jobs and waits until the last of them has ended.</summary>
    internal async Task RunAsync(string queue, int jobs)
    {
        var hang = TestContext.Current.CancellationToken;
        var batch = new { queue, defaults = new { request = new { method = "GET", path = "/" } }, jobs = Enumerable.Range(1, jobs).Select(payload => new { payload }) };
        using var accepted = await Client.PostAsJsonAsync("/v1/batches", batch, hang);
        Assert.True(accepted.IsSuccessStatusCode, await accepted.Content.ReadAsStringAsync(hang));
        var id = (await accepted.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString();
        var results = await Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{id}/results?wait=40", hang);
        Assert.True(results.GetProperty("complete").GetBoolean());
    }
}
