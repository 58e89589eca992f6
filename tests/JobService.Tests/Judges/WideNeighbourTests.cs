using System.Net.Http.Json;
using System.Text;
using JobService.Tests.Api;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A queue with a rate keeps its pace beside one whose jobs fill every commit.</summary>
[Collection(JudgesAlone.Name)]
public sealed class WideNeighbourTests
{
    private const int Keys = 20_000;
    private const int JobsOfEachKey = 4;
    private const int Permits = 50;
    private const int Paced = 60;

    /// <summary>Commits that come too late for every slot cost 3 to 11 s a job; what is asked for is 20 ms.</summary>
    private static readonly TimeSpan mostForOne = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_paced_queue_starts_its_jobs_beside_a_wide_one()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var service = ServiceFixture.With(new Dictionary<string, string>());
        await service.PutAsync("/v1/limits/pace", $$"""{"kind":"rate","permits":{{Permits}}}""");
        await service.PutAsync("/v1/queues/paced", """{"target":{"kind":"simulated"},"limits":["pace"]}""");
        await service.PutAsync("/v1/queues/wide", """{"target":{"kind":"simulated"},"maxConcurrency":1000,"capacity":1000000}""");
        using (await service.SendAsync(HttpMethod.Post, "/v1/queues/wide/pause")) { }
        var lines = new StringBuilder();
        for (var job = 0; job < JobsOfEachKey * Keys; job++)
            lines.Append("{\"key\":\"k").Append(job % Keys).Append("\",\"payload\":1}\n");
        using var body = new StringContent(lines.ToString(), Encoding.UTF8, "application/x-ndjson");
        using var wide = await service.Client.PostAsync(new Uri("/v1/batches?queue=wide", UriKind.Relative), body, hang);
        Assert.True(wide.IsSuccessStatusCode, await wide.Content.ReadAsStringAsync(hang));

        using (await service.SendAsync(HttpMethod.Post, "/v1/queues/wide/resume")) { }
        using var paced = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "paced", jobs = Enumerable.Range(0, Paced).Select(payload => new { payload }) }, hang);
        using var results = await service.Client.GetAsync(new Uri($"{paced.Headers.Location}/results?until=all&wait=45", UriKind.Relative), hang);
        Assert.True((await results.JsonAsync()).GetProperty("complete").GetBoolean());

        using var list = await service.Client.GetAsync(new Uri($"/v1/jobs?queue=paced&limit={Paced}", UriKind.Relative), hang);
        var jobs = (await list.JsonAsync()).GetProperty("items").EnumerateArray()
            .Select(job => (Created: job.GetProperty("createdAt").GetDateTimeOffset(), Started: job.GetProperty("startedAt").GetDateTimeOffset())).OrderBy(job => job.Started).ToList();
        using var progress = await service.Client.GetAsync(wide.Headers.Location, hang);
        var left = Keys * JobsOfEachKey;
        var counts = (await progress.JsonAsync()).GetProperty("counts");
        left -= counts.GetProperty("succeeded").GetInt32();

        var late = jobs.Select((job, number) => job.Started - jobs[0].Created - (number * TimeSpan.FromSeconds(1.0 / Permits))).Order().ToList();
        var gaps = jobs.Zip(jobs.Skip(1), (one, next) => next.Started - one.Started).Append(jobs[0].Started - jobs[0].Created).Order().ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"late against 50/s: median {late[Paced / 2].TotalMilliseconds:0} ms, most {late[^1].TotalMilliseconds:0} ms; between two starts: median {gaps[Paced / 2].TotalMilliseconds:0}, most {gaps[^1].TotalMilliseconds:0} ms; {left} of the wide queue's jobs left");
        Assert.Equal(Paced, jobs.Count);
        Assert.True(gaps[^1] < mostForOne, $"A job of the paced queue has waited {gaps[^1].TotalSeconds:0.0} s for its turn.");
        Assert.True(gaps[Paced / 2] < 3 * TimeSpan.FromSeconds(1.0 / Permits), $"Every second start lies {gaps[Paced / 2].TotalMilliseconds:0} ms behind the one before.");
    }
}
