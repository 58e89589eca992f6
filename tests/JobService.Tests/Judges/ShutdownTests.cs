using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

[Collection(JudgesAlone.Name)]
public sealed class ShutdownTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-shutdown-");

    [Fact]
    public async Task A_process_told_to_stop_ends_what_runs_and_exits_with_0()
    {
        var hang = TestContext.Current.CancellationToken;
        string id;
        await using (var service = await JobServiceProcess.StartAsync(data))
        {
            using var queue = await service.Client.PutAsJsonAsync(
                "/v1/queues/slow", new { target = new { kind = "simulated", latencySeconds = new { min = 1.0, max = 1.0 } } }, hang);
            using var response = await service.Client.PostAsJsonAsync("/v1/jobs", new { queue = "slow", payload = 1 }, hang);
            id = (await response.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;

            Assert.Equal(0, await service.StopAsync());
        }

        await using var again = await JobServiceProcess.StartAsync(data);
        var job = await again.Client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=10", hang);
        Assert.Equal(("succeeded", 0), (job.GetProperty("state").GetString(), job.GetProperty("failures").GetInt32()));
    }

    [Theory]
    [InlineData("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")]
    [InlineData("GET /v1/jobs HTTP/1.1\r\nHost:")]
    public async Task Half_a_request_does_not_hold_up_the_end(string half)
    {
        await using var service = await JobServiceProcess.StartAsync(data, new Dictionary<string, string> { ["JobService:Dispatch:GraceSeconds"] = "3600" });
        using var client = new TcpClient();
        await client.ConnectAsync(service.Address, TestContext.Current.CancellationToken);
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(half), TestContext.Current.CancellationToken);

        Assert.Equal(0, await service.StopAsync());
    }

    [Fact]
    public async Task What_runs_longer_than_the_grace_goes_back_without_a_failure()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var api = new RawTcpApi(request => request.Number == 1 ? WireReplies.Silence() : WireReplies.Respond());
        string id;
        await using (var service = await JobServiceProcess.StartAsync(data, new Dictionary<string, string> { ["JobService:Dispatch:GraceSeconds"] = "0.2" }))
        {
            using var queue = await service.Client.PutAsJsonAsync("/v1/queues/slow", new { target = new { kind = "http", baseAddress = api.Address } }, hang);
            using var response = await service.Client.PostAsJsonAsync("/v1/jobs", new { queue = "slow", payload = 1 }, hang);
            id = (await response.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;
            await api.FirstRequest;

            Assert.Equal(0, await service.StopAsync());
        }

        await using var again = await JobServiceProcess.StartAsync(data);
        var job = await again.Client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=10", hang);
        Assert.Equal(("succeeded", 0), (job.GetProperty("state").GetString(), job.GetProperty("failures").GetInt32()));
        Assert.Equal(["interrupted", "succeeded"], job.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()));
        Assert.Equal(2, api.Requests.Count);
    }

    public void Dispose() => data.Delete(recursive: true);
}
