using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>Submissions and responses that once took many gigabytes: the process stays below one.</summary>
[Collection(JudgesAlone.Name)]
public sealed class MemoryTests : IDisposable
{
    private const long Most = 1_000_000_000;
    private const int ResponseBytes = 9_900_000;
    private const int Calls = 120;
    private const int Jobs = Calls + 10;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-memory-");
    private readonly CancellationToken hang = TestContext.Current.CancellationToken;

    public void Dispose() => data.Delete(recursive: true);

    [Fact]
    public async Task Submissions_large_wide_and_multiplied_by_their_defaults()
    {
        await using var service = await JobServiceProcess.StartAsync(data);
        var payload = new string('x', 900_000);
        var large = string.Join(',', Enumerable.Repeat($$"""{"payload":"{{payload[..3_000]}}"}""", 10_000));
        var (defaults, empty, wide) = (Json($$"""{"defaults":{"payload":"{{payload}}"},"jobs":[{{Commas("{}", 3_500)}}]}"""),
            Json($$"""{"jobs":[{{Commas("{}", 10_000_000)}}]}"""), Json($$"""{"jobs":[{"payload":[{{Commas("1", 15_000_000)}}]}]}"""));

        await RefusedAsync(service, defaults, HttpStatusCode.RequestEntityTooLarge);
        await RefusedAsync(service, empty, HttpStatusCode.BadRequest);
        await RefusedAsync(service, wide, HttpStatusCode.BadRequest);
        Assert.Contains(HttpStatusCode.Accepted, await PostAsync(service, Json($$"""{"jobs":[{{large}}]}"""), 12));

        Assert.InRange(service.PeakMemory, 1, Most);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    public async Task Large_responses_at_once(double cpuSeconds)
    {
        await using var service = await JobServiceProcess.StartAsync(data);
        // The first of them all at once: none is read to its end before the last has begun.
        var arrived = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = new RawTcpApi(_ => async (connection, stop) =>
        {
            if (Interlocked.Increment(ref arrived) == Calls)
                all.SetResult();
            await all.Task.WaitAsync(stop);
            await WireReplies.Huge(ResponseBytes)(connection, stop);
        });
        var process = cpuSeconds > 0 ? (object)new { kind = "simulated", cpuSeconds } : new { kind = "none" };
        using var queue = await service.Client.PutAsJsonAsync(
            "/v1/queues/large", new { target = new { kind = "http", baseAddress = api.Address }, maxConcurrency = Calls, timeoutSeconds = 120, process }, hang);

        using var jobs = await service.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), Json($$"""{"queue":"large","jobs":[{{Commas("""{"payload":1}""", Jobs)}}]}"""), hang);
        var id = (await jobs.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString();
        JsonElement end;
        do
            end = await service.Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{id}/results?order=completion&wait=60&limit=2&cursor=c{Jobs - 1}", hang);
        while (!end.GetProperty("complete").GetBoolean());

        var batch = await service.Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{id}", hang);
        Assert.Equal(Jobs, batch.GetProperty("counts").GetProperty("succeeded").GetInt32());
        Assert.InRange(service.PeakMemory, 1, Most);
    }

    /// <summary>Sent by several at once, each is refused for what it is, or for lack of room while others have it; sent alone afterwards there is room, and it is refused for what it is.</summary>
    private async Task RefusedAsync(ServerProcess service, StringContent body, HttpStatusCode why)
    {
        Assert.All(await PostAsync(service, body, 4), status => Assert.Contains(status, new[] { why, HttpStatusCode.TooManyRequests }));
        Assert.Equal(why, Assert.Single(await PostAsync(service, body, 1)));
    }

    private static string Commas(string json, int count) => new StringBuilder(count * (json.Length + 1)).Insert(0, json + ",", count - 1).Append(json).ToString();

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private async Task<HttpStatusCode[]> PostAsync(ServerProcess service, StringContent body, int times)
    {
        var bytes = await body.ReadAsByteArrayAsync(hang);
        return await Task.WhenAll(Enumerable.Range(0, times).Select(async _ =>
        {
            using var content = new ByteArrayContent(bytes) { Headers = { ContentType = body.Headers.ContentType } };
            using var response = await service.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), content, hang);
            return response.StatusCode;
        }));
    }
}
