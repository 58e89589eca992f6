using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using JobService.Tests.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>Queues without limits in front of APIs that have one, through the whole service on real sockets: the pace is learned. LanePaceTests has all of it in simulated time.</summary>
/// <remarks><c>UNLIMITED_JOBS=200</c> runs the whole length.</remarks>
public sealed class UnlimitedTests : IAsyncDisposable
{
    private static readonly int Jobs = int.Parse(Environment.GetEnvironmentVariable("UNLIMITED_JOBS") ?? "40", CultureInfo.InvariantCulture);

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData(Limiting.FirstCall, false)]
    [InlineData(Limiting.FirstCall, true)]
    [InlineData(Limiting.SlidingCounter, true)]
    [InlineData(Limiting.Bucket1, false)]
    public async Task What_an_API_allows_is_found_out_and_kept(Limiting limiting, bool tells)
    {
        var limiter = new ApiLimiter(limiting);
        var gate = new Lock();
        await using var api = new RawTcpApi(_ =>
        {
            lock (gate)
            {
                var now = DateTime.UnixEpoch.Ticks + Stopwatch.GetElapsedTime(0).Ticks;
                var (ok, left, end) = limiter.Call(now);
                string[] told = tells ? [$"X-RateLimit-Remaining: {left}", $"X-RateLimit-Reset: {Math.Ceiling((end - now) / 1e7)}"] : [];
                return WireReplies.Respond(ok ? 200 : 429, "{}", told);
            }
        });
        await service.PutAsync("/v1/queues/api", $$"""{"target": {"kind": "http", "baseAddress": "{{api.Address}}"} }""");
        var jobs = string.Join(',', Enumerable.Repeat("""{"payload": 1}""", Jobs));
        var begin = Stopwatch.GetTimestamp();
        using var posted = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$"""{"queue": "api", "jobs": [{{jobs}}]}""");
        var batch = JsonDocument.Parse(await posted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("id").GetString();

        for (var complete = false; !complete;)
        {
            using var response = await service.SendAsync(HttpMethod.Get, $"/v1/batches/{batch}/results?wait=5");
            complete = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("complete").GetBoolean();
        }

        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{limiting}, tells: {tells}: {seconds:0.0} s, {limiter.Refused} refused");
        Assert.Equal(Jobs, limiter.Accepted);
        var (mostSeconds, mostRefused) = tells ? (25, 12) : (40, 60);
        Assert.True(limiter.Refused <= mostRefused && seconds <= Math.Max(mostSeconds * Jobs / 200.0, 30), $"{seconds:0.0} s, {limiter.Refused} refused");
    }
}
