using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>A response is held no longer than this service holds one, however long the client asks for.</summary>
public sealed class WaitTests : IAsyncDisposable
{
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Api:MaxWaitSeconds"] = "1" });

    public ValueTask DisposeAsync() => service.DisposeAsync();

    // The hang guard of the fixture is shorter than what is asked for here.
    [Fact]
    public async Task A_wait_ends_after_what_is_allowed()
    {
        using var submitted = await service.SubmitAsync("""{"payload":1,"delaySeconds":3600}""", ("Prefer", "wait=60"));
        using var batch = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[{"payload":1,"delaySeconds":3600}]}""");

        using var job = await service.SendAsync(HttpMethod.Get, submitted.Headers.Location + "?wait=60");
        using var results = await service.SendAsync(HttpMethod.Get, batch.Headers.Location + "/results?wait=3e9");

        Assert.Equal((202, "wait=1"), ((int)submitted.StatusCode, Assert.Single(submitted.Headers.GetValues("Preference-Applied"))));
        Assert.Equal("queued", (await job.JsonAsync()).GetProperty("state").GetString());
        Assert.False((await results.JsonAsync()).GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task By_default_that_is_45_seconds()
    {
        await using var plain = new ServiceFixture();
        using var response = await plain.SubmitAsync("""{"payload":1}""", ("Prefer", "wait=60"));

        Assert.Equal("wait=45", Assert.Single(response.Headers.GetValues("Preference-Applied")));
    }

    [Theory]
    [InlineData("GET", "/v1/queues")]
    [InlineData("GET", "/v1/jobs/nonsense")]
    [InlineData("GET", "/v1/jobs")]
    [InlineData("GET", "/livez")]
    [InlineData("GET", "/problems/invalid-request")]
    [InlineData("POST", "/v1/jobs")]
    [InlineData("PUT", "/v1/signals/a")]
    public async Task Json_ends_with_a_line_break(string method, string path)
    {
        using var response = await service.SendAsync(new HttpMethod(method), path, path == "/v1/jobs" && method == "POST" ? """{"payload":1}""" : null, ("Accept", "application/json"));
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal(((byte)'}', (byte)'\n', bytes.Length), (bytes[^2], bytes[^1], (int)response.Content.Headers.ContentLength!));
    }
}
