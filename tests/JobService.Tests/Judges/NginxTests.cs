using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

[Collection(JudgesAlone.Name)]
public sealed class NginxTests : IDisposable
{
    private const int Jobs = 500;
    private const int RatePerSecond = 50;
    private const int Rounds = 3;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-nginx-test-");

    // A refusal is never excused. A slot that was missed because the machine gave its cores to others may be: the best of three rounds counts.
    [Fact]
    public async Task Nginx_refuses_none_of_500_calls_and_its_whole_limit_is_used()
    {
        await using var service = await JobServiceProcess.StartAsync(data);
        await PutAsync(service.Client, "/v1/limits/judge", new { kind = "rate", permits = RatePerSecond, periodSeconds = 1, burst = 1 });
        var used = 0.0;
        for (var round = 0; round < Rounds && used < 0.99; round++)
        {
            await using var nginx = await NginxLimiter.StartAsync(RatePerSecond, burst: 5);
            await PutAsync(service.Client, "/v1/queues/judge", new { target = new { kind = "http", baseAddress = nginx.BaseAddress }, limits = new[] { "judge" } });
            foreach (var id in await PostAllAsync(service.Client))
                Assert.Equal("succeeded", await StateAtEndAsync(service.Client, id));

            var report = await nginx.StopAndReportAsync();
            Assert.Equal((Requests: Jobs, Refused: 0, Other: 0, Jobs, Duplicates: 0), (report.Requests, report.Refused, report.Other, report.Jobs, report.Duplicates));
            used = report.Utilisation;
        }

        Assert.InRange(used, 0.99, 1.01);
    }

    public void Dispose() => data.Delete(recursive: true);

    private static async Task PutAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PutAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<List<string>> PostAllAsync(HttpClient client)
    {
        var ids = new List<string>();
        for (var number = 0; number < Jobs; number++)
        {
            using var answer = await client.PostAsJsonAsync("/v1/jobs", new { queue = "judge", payload = new { number } }, TestContext.Current.CancellationToken);
            var job = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            ids.Add(job.GetProperty("id").GetString()!);
        }

        return ids;
    }

    private static async Task<string?> StateAtEndAsync(HttpClient client, string id) =>
        (await client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=30", TestContext.Current.CancellationToken)).GetProperty("state").GetString();
}
