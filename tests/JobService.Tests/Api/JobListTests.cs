using System.Net;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Lists, and what is done to all jobs that match.</summary>
public abstract class JobListContract(ServiceFixture service)
{
    [Fact]
    public async Task Pages_go_from_the_newest_to_the_oldest_without_loss_or_repeat()
    {
        var ids = await PausedJobsAsync("pages", 7);
        ids.Reverse();

        var seen = new List<string>();
        var pages = 0;
        for (var next = "/v1/jobs?queue=pages&limit=3"; next is not null; pages++)
        {
            using var response = await service.SendAsync(HttpMethod.Get, next);
            var page = await response.JsonAsync();
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            next = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
            Assert.Equal(next is not null, page.TryGetProperty("nextCursor", out _));
        }

        Assert.Equal(ids, seen);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Filters_hold_together()
    {
        await PausedJobsAsync("filters", 2, """,  "key":"a", "tags":{"order":"991"}""");
        await PausedJobsAsync("filters", 1, """,  "key":"a", "tags":{"order":"992"}""");
        await PausedJobsAsync("filters", 1);

        Assert.Equal(4, await CountAsync("queue=filters"));
        Assert.Equal(3, await CountAsync("queue=filters&key=a"));
        Assert.Equal(1, await CountAsync("queue=filters&key="));
        Assert.Equal(2, await CountAsync("queue=filters&key=a&tag=order:991&state=queued"));
        Assert.Equal(0, await CountAsync("queue=filters&state=failed"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("limit=many")]
    [InlineData("limit=1&limit=2")]
    [InlineData("state=waiting")]
    [InlineData("state=")]
    [InlineData("cursor=damaged")]
    [InlineData("cursor=")]
    [InlineData("tag=order")]
    [InlineData("tag=:x")]
    [InlineData("queue=a%20b")]
    [InlineData("key=%ff")]
    [InlineData("key=%00")]
    [InlineData("batch=7")]
    [InlineData("Limit=5")]
    [InlineData("colour=red")]
    public async Task A_bad_query_is_400(string query)
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/jobs?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }

    [Theory]
    [InlineData("/v1/queues?x=1")]
    [InlineData("/v1/limits/default?x=1")]
    [InlineData("/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3?wait=-1")]
    [InlineData("/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3?wait=soon")]
    [InlineData("/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3?wait=NaN")]
    [InlineData("/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3/result?wait=1")]
    public async Task Unknown_parameters_and_values_are_400_everywhere(string address)
    {
        using var response = await service.SendAsync(HttpMethod.Get, address);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }

    [Fact]
    public async Task All_jobs_that_match_are_cancelled_and_retried_together()
    {
        await PausedJobsAsync("many", 3, """, "tags":{"wave":"1"}""");
        await PausedJobsAsync("many", 1);

        var cancelled = await PostAsync("/v1/jobs/cancel", """{"queue":"many","tag":"wave:1"}""");
        Assert.Equal((3, 3, 0), (Number(cancelled, "matched"), Number(cancelled, "cancelled"), Number(cancelled, "stopping")));

        var retried = await PostAsync("/v1/jobs/retry", """{"queue":"many","state":"cancelled"}""");
        Assert.Equal((3, 3), (Number(retried, "matched"), Number(retried, "requeued")));

        var purged = await PostAsync("/v1/queues/many/purge", null);
        Assert.Equal(4, Number(purged, "cancelled"));
    }

    [Theory]
    [InlineData("{}", "")]
    [InlineData("""{"batch":"x"}""", "/batch")]
    [InlineData("""{"state":"done"}""", "/state")]
    [InlineData("""{"tag":"x"}""", "/tag")]
    [InlineData("""{"queue":"a b","key":"\u0000"}""", "/queue /key")]
    public async Task A_bad_filter_changes_nothing(string filter, string pointers)
    {
        foreach (var path in (string[])["/v1/jobs/cancel", "/v1/jobs/retry"])
        {
            using var response = await service.SendAsync(HttpMethod.Post, path, filter);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal(pointers, (await ProblemJson.ReadAsync(response)).Pointers);
        }
    }

    private async Task<List<string>> PausedJobsAsync(string queue, int count, string fields = "")
    {
        await service.PutAsync($"/v1/queues/{queue}", "{}");
        await PostAsync($"/v1/queues/{queue}/pause", null);
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var response = await service.SubmitAsync($$"""{"queue":"{{queue}}","payload":{{i}}{{fields}}}""");
            ids.Add((await response.JsonAsync()).GetProperty("id").GetString()!);
        }

        return ids;
    }

    private async Task<int> CountAsync(string query)
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/jobs?" + query);
        return (await response.JsonAsync()).GetProperty("items").GetArrayLength();
    }

    private async Task<JsonElement> PostAsync(string path, string? body)
    {
        using var response = await service.SendAsync(HttpMethod.Post, path, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.JsonAsync();
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}

public sealed class JobListTests(ServiceFixture service) : JobListContract(service), IClassFixture<ServiceFixture>;

public sealed class PostgresJobListTests(PostgresFixture service) : JobListContract(service), IClassFixture<PostgresFixture>;
