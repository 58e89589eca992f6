using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A real nginx refuses none of our calls, and lets through as many as it ever would.</summary>
/// <remarks>
/// A machine that gives its cores to others for 12 ms makes nginx read six calls at once, and refuse one at 500 a second; at an API that bears one call in hand a call that is delayed by a gap
/// behind its last look is enough (docs/decisions/0008). So a round with a refusal is repeated: what is wrong with us is wrong in every round. A slot that was missed for the same reason is excused in the
/// same way: the best of the rounds counts. Gaps with one call in hand are 10 ms here: a shared host takes a core away for more than 3 ms every second or two, whatever runs on it, and at 300 a second one call in
/// a thousand is refused for it.
/// </remarks>
[Collection(JudgesAlone.Name)]
public sealed class NginxTests : IDisposable
{
    private const int Rounds = 3;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-nginx-test-");

    /// <summary>What a machine must reach that does other things too: a pacer by ticks or by halves does not.</summary>
    private const double LeastUse = 0.8;

    [Theory]
    [InlineData(50, 5, 250)]
    [InlineData(500, 5, 1_500)]
    [InlineData(100, 1, 400)]
    public Task Nginx_refuses_nothing_and_its_whole_limit_is_used(int perSecond, int burst, int jobs) => JudgeAsync(new NginxRate(perSecond, burst), jobs);

    [Fact]
    public Task A_limit_a_minute_is_spread_over_the_minute() => JudgeAsync(new NginxRate(600, Burst: 1, PerMinute: true), jobs: 20);

    [Fact]
    public Task Each_key_uses_its_own_limit_and_none_is_refused() => JudgeAsync(new NginxRate(20, Burst: 5, PerKey: true), jobs: 1_000, keys: 10);

    [Theory]
    [InlineData(50, 250, 2)]
    [InlineData(500, 1_500, 8)]
    public async Task A_limit_of_calls_at_once_and_a_queue_that_is_full_all_the_time_cost_no_slot(int perSecond, int jobs, int atOnce)
    {
        const int capacity = 50;
        await using var service = await StartAsync(new { kind = "rate", permits = perSecond });
        await PutAsync(service.Client, "/v1/limits/few", new { kind = "concurrency", permits = atOnce });
        await RoundsAsync(new NginxRate(perSecond, Burst: 5), jobs, keys: 1, async (queue, baseAddress) =>
        {
            await PutAsync(service.Client, $"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress }, limits = new[] { "judge", "few" }, capacity });
            var clock = Stopwatch.StartNew();
            var ids = await SubmitAsync(service.Client, queue, jobs, keys: 1);
            // Whoever came after the first 50 had to wait for a place: as long as those before took.
            Assert.InRange(clock.Elapsed.TotalSeconds, 0.9 * (jobs - capacity) / perSecond, 60);
            await EndAsync(service.Client, ids);
        });
    }

    public void Dispose() => data.Delete(recursive: true);

    private async Task JudgeAsync(NginxRate rate, int jobs, int keys = 1)
    {
        await using var service = await StartAsync(
            new { kind = "rate", permits = rate.Requests, periodSeconds = rate.PeriodSeconds, scope = rate.PerKey ? "perKey" : "shared" });
        await RoundsAsync(rate, jobs, keys, async (queue, baseAddress) =>
        {
            await PutAsync(service.Client, $"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress }, limits = new[] { "judge" }, maxConcurrency = 64 });
            // All of them wait before the first starts: the limit is what decides, not the pace at which they come in.
            await PostAsync(service.Client, $"/v1/queues/{queue}/pause");
            var ids = await SubmitAsync(service.Client, queue, jobs, keys);
            await PostAsync(service.Client, $"/v1/queues/{queue}/resume");
            await EndAsync(service.Client, ids);
        });
    }

    private static async Task RoundsAsync(NginxRate rate, int jobs, int keys, Func<string, string, Task> callAsync)
    {
        var used = 0.0;
        for (var round = 0; round < Rounds && used < 0.99; round++)
        {
            await using var nginx = await NginxLimiter.StartAsync(rate);
            await callAsync($"judge-{round}", nginx.BaseAddress);

            var report = await nginx.StopAndReportAsync();
            if (report.Refused > 0 && (round < Rounds - 1 || used > 0))
                continue;
            Assert.Equal(
                (Requests: jobs, Refused: 0, Other: 0, Keys: keys, Jobs: jobs, Duplicates: 0),
                (report.Requests, report.Refused, report.Other, report.Keys, report.Jobs, report.Duplicates));
            used = report.Utilisation;
        }

        // More than all of it only by what the first call took to connect: nginx would have refused the rest.
        // A late start gives its slot up, so that other work on the cores shows here: 0.99 is asked for by scripts/bench.sh nginx, on a quiet machine.
        Assert.InRange(used, LeastUse, 1.05);
    }

    private async Task<ServerProcess> StartAsync(object limit)
    {
        var service = await JobServiceProcess.StartAsync(data);
        await PutAsync(service.Client, "/v1/limits/judge", limit);
        return service;
    }

    private static async Task PutAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PutAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task PostAsync(HttpClient client, string path)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content: null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<string[]> SubmitAsync(HttpClient client, string queue, int jobs, int keys)
    {
        var ids = new string[jobs];
        await Parallel.ForAsync(0, jobs, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (number, hang) =>
        {
            var key = keys == 1 ? "" : $"key-{number % keys}";
            var job = new { queue, key, payload = new { number }, request = new { headers = new Dictionary<string, string> { ["X-Key"] = key } } };
            using var response = await client.PostAsJsonAsync("/v1/jobs", job, hang);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            ids[number] = (await response.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;
        });
        return ids;
    }

    /// <summary>The last first: those before it have ended by then, and nothing is asked while the calls are made.</summary>
    private static async Task EndAsync(HttpClient client, string[] ids)
    {
        foreach (var id in ids.Reverse())
        {
            var job = await client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=30", TestContext.Current.CancellationToken);
            Assert.Equal("succeeded", job.GetProperty("state").GetString());
        }
    }
}
