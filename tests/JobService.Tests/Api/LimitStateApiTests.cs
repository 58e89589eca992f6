using System.Net;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What a limit says of itself: its state, of all or of one key, and what it has learned.</summary>
public sealed class LimitStateApiTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    [Fact]
    public async Task The_state_tells_what_is_taken_what_waits_and_until_when()
    {
        await service.PutAsync("/v1/limits/hourly", """{"kind":"rate","permits":1,"periodSeconds":3600}""");
        await service.PutAsync("/v1/queues/hourly", """{"limits":["hourly"]}""");
        await FinishAsync("""{"queue":"hourly","payload":1}""");
        using var next = await service.SubmitAsync("""{"queue":"hourly","payload":2}""");

        var limit = await GetAsync("/v1/limits/hourly");

        var state = limit.GetProperty("state");
        Assert.Equal((1, 0, 1), (state.GetProperty("taken").GetInt64(), state.GetProperty("available").GetInt64(), state.GetProperty("waiting").GetInt32()));
        Assert.InRange(state.GetProperty("nextFreeAt").GetDateTimeOffset() - service.Store.Now, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
        Assert.False(state.TryGetProperty("keys", out _));
        Assert.Equal(JsonValueKind.Null, limit.GetProperty("learned").ValueKind);
    }

    [Theory]
    [InlineData("k")]
    [InlineData("")]
    public async Task Jobs_of_every_key_meet_the_one_state_of_a_shared_limit(string key)
    {
        await service.PutAsync("/v1/limits/shared", """{"kind":"concurrency","permits":3}""");

        var limit = await GetAsync($"/v1/limits/shared?key={key}");

        Assert.Equal("""{"taken":0,"available":3,"waiting":0}""", limit.GetProperty("state").GetRawText());
    }

    [Fact]
    public async Task A_state_for_each_key_is_shown_by_key_and_as_a_sum()
    {
        await service.PutAsync("/v1/limits/each", """{"kind":"rate","permits":1,"periodSeconds":3600,"burst":3,"scope":"perKey"}""");
        await service.PutAsync("/v1/queues/each", """{"limits":["each"]}""");
        foreach (var (key, count) in new[] { ("a", 3), ("b", 1), ("", 2) })
        {
            for (var i = 0; i < count; i++)
                await FinishAsync($$"""{"queue":"each","payload":1,"key":"{{key}}"}""");
        }

        using var waits = await service.SubmitAsync("""{"queue":"each","payload":1,"key":"a"}""");

        Assert.Equal("3 0 1", await ShortAsync("/v1/limits/each?key=a"));
        Assert.Equal("1 2 0", await ShortAsync("/v1/limits/each?key=b"));
        Assert.Equal("2 1 0", await ShortAsync("/v1/limits/each?key="));
        Assert.Equal("0 3 0", await ShortAsync("/v1/limits/each?key=never-seen"));
        Assert.Equal("6 3 1", await ShortAsync("/v1/limits/each"));
        Assert.Equal(3, (await GetAsync("/v1/limits/each")).GetProperty("state").GetProperty("keys").GetInt32());
        Assert.True((await GetAsync("/v1/limits/each?key=a")).GetProperty("state").TryGetProperty("nextFreeAt", out _));
        Assert.False((await GetAsync("/v1/limits/each")).GetProperty("state").TryGetProperty("nextFreeAt", out _));
    }

    [Theory]
    [InlineData("key=%00")]
    [InlineData("key=%0A")]
    [InlineData("key=%ff")]
    [InlineData("key=a&key=b")]
    [InlineData("Key=a")]
    [InlineData("keys=a")]
    public async Task A_bad_key_is_400(string query)
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/limits/default?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("/problems/invalid-request", (await ProblemJson.ReadAsync(response)).Type);
    }

    [Fact]
    public async Task A_key_has_256_characters_at_most()
    {
        using var most = await service.SendAsync(HttpMethod.Get, "/v1/limits/default?key=" + new string('k', 256));
        using var more = await service.SendAsync(HttpMethod.Get, "/v1/limits/default?key=" + new string('k', 257));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest), (most.StatusCode, more.StatusCode));
    }

    [Fact]
    public async Task A_pause_is_shown_as_learned()
    {
        await using var api = new RawTcpApi(WireReplies.Respond(429, "{}", "Retry-After: 600"));
        await using var open = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });
        await open.PutAsync("/v1/limits/told", """{"kind":"rate","permits":100}""");
        await open.PutAsync("/v1/queues/told", $$"""{"target":{"kind":"http","baseAddress":"{{api.Address}}"},"limits":["told"]}""");
        using var job = await open.SubmitAsync("""{"queue":"told","payload":1}""");
        while (!await IsQueuedAgainAsync(open, $"{job.Headers.Location}?wait=1"))
        {
            // The next wait.
        }

        using var response = await open.SendAsync(HttpMethod.Get, "/v1/limits/told");

        var learned = (await response.JsonAsync()).GetProperty("learned");
        Assert.InRange(learned.GetProperty("pausedUntil").GetDateTimeOffset() - open.Store.Now, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11));
        Assert.False(learned.TryGetProperty("factor", out _));
    }

    private static async Task<bool> IsQueuedAgainAsync(ServiceFixture service, string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);
        return (await response.JsonAsync()).TryGetProperty("waiting", out var waiting) && waiting.TryGetProperty("until", out _);
    }

    private async Task<string> ShortAsync(string path)
    {
        var state = (await GetAsync(path)).GetProperty("state");
        return $"{state.GetProperty("taken")} {state.GetProperty("available")} {state.GetProperty("waiting")}";
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.JsonAsync();
    }

    private async Task FinishAsync(string job)
    {
        using var response = await service.SubmitAsync(job, ("Prefer", "wait=9"));
        Assert.Equal("succeeded", (await response.JsonAsync()).GetProperty("state").GetString());
    }
}
