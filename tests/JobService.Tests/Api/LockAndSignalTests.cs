using System.Net;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Locks and signals, seen from outside.</summary>
public abstract class LockAndSignalContract(ServiceFixture service)
{
    private const string Endless = """{"target":{"kind":"simulated","latencySeconds":{"min":60,"max":60}},"timeoutSeconds":90}""";
    private const string Quick = """{"target":{"kind":"simulated"}}""";

    [Fact]
    public async Task A_job_whose_lock_is_held_says_so_and_goes_when_it_is_free()
    {
        await service.PutAsync("/v1/queues/locked", Endless);
        await service.PutAsync("/v1/queues/locked-quick", Quick);
        var holder = await SubmitAsync("""{"queue":"locked","payload":1,"lock":"account-42"}""");
        var first = await SubmitAsync("""{"queue":"locked-quick","payload":2,"lock":"account-42"}""");
        var second = await SubmitAsync("""{"queue":"locked-quick","payload":3,"lock":"account-42"}""");
        var free = await FinishedAsync(await SubmitAsync("""{"queue":"locked-quick","payload":4}"""));
        Assert.Equal("succeeded", free.GetProperty("state").GetString());

        var waiting = await GetAsync(second);
        Assert.Equal("account-42", waiting.GetProperty("lock").GetString());
        Assert.Equal("""{"reason":"lock","position":2}""", waiting.GetProperty("waiting").GetRawText());
        var listed = (await GetAsync("/v1/jobs?queue=locked-quick&state=queued")).GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal([2, 1], listed.Select(job => job.GetProperty("waiting").GetProperty("position").GetInt32()));
        Assert.All(listed, job => Assert.Equal("account-42", job.GetProperty("lock").GetString()));

        using var cancelled = await service.SendAsync(HttpMethod.Post, holder + "/cancel");
        var ends = new[] { await FinishedAsync(first), await FinishedAsync(second) };
        Assert.All(ends, end => Assert.Equal("succeeded", end.GetProperty("state").GetString()));
        Assert.True(ends[0].GetProperty("finishedAt").GetDateTimeOffset() <= ends[1].GetProperty("startedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_job_waits_for_its_signal_until_it_is_set()
    {
        await service.PutAsync("/v1/queues/signalled", Quick);
        Assert.Equal("""{"name":"market-open","set":false,"setAt":null,"waiting":0}""", (await GetAsync("/v1/signals/market-open")).GetRawText());
        var job = await SubmitAsync("""{"queue":"signalled","payload":1,"waitFor":{"signal":"market-open"}}""");
        Assert.Equal("""{"reason":"signal"}""", (await GetAsync(job)).GetProperty("waiting").GetRawText());
        Assert.Equal(1, (await GetAsync("/v1/signals/market-open")).GetProperty("waiting").GetInt64());

        using var set = await service.SendAsync(HttpMethod.Put, "/v1/signals/market-open");
        var view = await set.JsonAsync();
        Assert.Equal((HttpStatusCode.OK, true, 0L), (set.StatusCode, view.GetProperty("set").GetBoolean(), view.GetProperty("waiting").GetInt64()));
        Assert.Equal("succeeded", (await FinishedAsync(job)).GetProperty("state").GetString());
        Assert.Equal("succeeded", (await FinishedAsync(await SubmitAsync(
            """{"queue":"signalled","payload":2,"waitFor":{"signal":"market-open"}}"""))).GetProperty("state").GetString());

        using var again = await service.SendAsync(HttpMethod.Put, "/v1/signals/market-open");
        Assert.Equal(view.GetProperty("setAt").GetString(), (await again.JsonAsync()).GetProperty("setAt").GetString());
        using var cleared = await service.SendAsync(HttpMethod.Delete, "/v1/signals/market-open");
        using var nothing = await service.SendAsync(HttpMethod.Delete, "/v1/signals/market-open");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (cleared.StatusCode, nothing.StatusCode));
        Assert.Equal("queued", (await GetAsync(await SubmitAsync(
            """{"queue":"signalled","payload":3,"waitFor":{"signal":"market-open"}}"""))).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("a%20b")]
    [InlineData("ä")]
    [InlineData("a:b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_bad_name_is_400(string name)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            using var response = await service.SendAsync(method, $"/v1/signals/{name}");
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("/problems/invalid-request", (await ProblemJson.ReadAsync(response)).Type);
        }
    }

    [Theory]
    [InlineData(256, HttpStatusCode.Accepted)]
    [InlineData(257, HttpStatusCode.BadRequest)]
    public async Task A_lock_has_at_most_256_characters(int length, HttpStatusCode status)
    {
        using var response = await service.SubmitAsync($$"""{"payload":1,"lock":"{{new string('ü', length)}}"}""");

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Neither_is_shown_where_none_was_given()
    {
        await service.PutAsync("/v1/queues/plain", Endless);
        var job = await GetAsync(await SubmitAsync("""{"queue":"plain","payload":1,"lock":null,"waitFor":null}"""));

        Assert.False(job.TryGetProperty("lock", out _));
        Assert.NotEqual("cancelled", job.GetProperty("state").GetString());
    }

    private async Task<string> SubmitAsync(string json)
    {
        using var response = await service.SubmitAsync(json);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    private Task<JsonElement> FinishedAsync(string job) => GetAsync(job + "?wait=9");

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.JsonAsync();
    }
}

public sealed class LockAndSignalTests(ServiceFixture service) : LockAndSignalContract(service), IClassFixture<ServiceFixture>;

public sealed class PostgresLockAndSignalTests(PostgresFixture service) : LockAndSignalContract(service), IClassFixture<PostgresFixture>;
