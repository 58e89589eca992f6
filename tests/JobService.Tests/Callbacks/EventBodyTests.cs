using System.Text;
using System.Text.Json;
using JobService.Callbacks;
using JobService.Jobs;

namespace JobService.Tests.Callbacks;

/// <summary>What receivers read.</summary>
public sealed class EventBodyTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private static readonly Job Ended = new()
    {
        Id = JobId.FromParts(1, 2),
        Queue = "q",
        Key = "customer-7",
        State = JobState.Succeeded,
        Priority = 0,
        Weight = 1,
        Weights = null,
        Lock = null,
        Attempt = 2,
        MaxAttempts = 5,
        CreatedAt = Noon,
        NotBefore = null,
        StartBefore = null,
        FinishedAt = Noon.AddSeconds(1),
        Tags = new Dictionary<string, string> { ["order"] = "991" },
        Batch = null,
        CallbackUrl = "https://example.com/never-told",
        Waiting = null,
    };

    [Fact]
    public void A_success_is_told_with_its_result_as_the_job_shows_it() => Assert.Equal(
        $$$$"""
        {"type":"job.succeeded","timestamp":"2026-11-22T12:00:01Z","data":{"id":"{{{{Ended.Id}}}}","queue":"q","key":"customer-7","state":"succeeded","attempt":2,"tags":{"order":"991"},"createdAt":"2026-11-22T12:00:00Z","finishedAt":"2026-11-22T12:00:01Z","result":{ "a" : 1.0 },"links":{"self":"/v1/jobs/{{{{Ended.Id}}}}","result":"/v1/jobs/{{{{Ended.Id}}}}/result"}}}
        """,
        Encoding.UTF8.GetString(EventBody.Of("job.succeeded", Ended with { Result = Result("application/json", "{ \"a\" : 1.0 }") })));

    [Fact]
    public void Text_is_a_string_bytes_are_base64_and_what_is_too_large_only_a_link()
    {
        Assert.Equal("grüße", Data(Ended with { Result = Result("text/plain", "grüße") }).GetProperty("result").GetString());
        Assert.Equal("AAE=", Data(Ended with { Result = Result("image/png", "\0\u0001") }).GetProperty("result").GetProperty("base64").GetString());

        var large = Data(Ended with { Result = new JobResult(200, "application/json", null, 1_000_000) });
        Assert.False(large.TryGetProperty("result", out _));
        Assert.Equal($"/v1/jobs/{Ended.Id}/result", large.GetProperty("links").GetProperty("result").GetString());
    }

    [Fact]
    public void Headers_that_the_queue_keeps_are_told()
    {
        var result = Result("text/plain", "ok") with { Headers = new Dictionary<string, string> { ["location"] = "/items/7" } };

        Assert.Equal("""{"status":200,"contentType":"text/plain","headers":{"location":"/items/7"}}""", Data(Ended with { Result = result }).GetProperty("response").GetRawText());
    }

    [Fact]
    public void Links_begin_with_the_path_under_which_the_service_is_reached()
    {
        var job = JsonElement.Parse(EventBody.Of("job.succeeded", Ended with { Result = Result("application/json", "1") }, "/base")).GetProperty("data").GetProperty("links");
        Assert.Equal(($"/base/v1/jobs/{Ended.Id}", $"/base/v1/jobs/{Ended.Id}/result"), (job.GetProperty("self").GetString(), job.GetProperty("result").GetString()));
    }

    [Fact]
    public void A_failure_is_told_with_its_error()
    {
        var data = Data(Ended with { State = JobState.Failed, Error = new JobError("upstream-status", 500, "because") });

        var error = data.GetProperty("error");
        Assert.Equal(("failed", "upstream-status", 500, "because"),
            (data.GetProperty("state").GetString(), error.GetProperty("type").GetString(), error.GetProperty("status").GetInt32(), error.GetProperty("detail").GetString()));
        Assert.False(data.TryGetProperty("result", out _) || data.TryGetProperty("cancelReason", out _) || data.GetProperty("links").TryGetProperty("result", out _));
    }

    [Fact]
    public void A_batch_is_told_with_its_counts()
    {
        var batch = new Batch
        {
            Id = JobId.FromParts(3, 4), Queue = "q", CreatedAt = Noon, FinishedAt = Noon.AddSeconds(2), Total = 6, Succeeded = 3, Failed = 2, Cancelled = 1, CancelReason = CancelReason.Batch,
        };

        Assert.Equal(
            $$$$"""
            {"type":"batch.finished","timestamp":"2026-11-22T12:00:02Z","data":{"id":"{{{{batch.Id}}}}","queue":"q","state":"failed","total":6,"counts":{"succeeded":3,"failed":2,"cancelled":1},"createdAt":"2026-11-22T12:00:00Z","finishedAt":"2026-11-22T12:00:02Z","cancelReason":"batch","links":{"self":"/v1/batches/{{{{batch.Id}}}}","results":"/v1/batches/{{{{batch.Id}}}}/results","jobs":"/v1/jobs?batch={{{{batch.Id}}}}"}}}
            """,
            Encoding.UTF8.GetString(EventBody.Of("batch.finished", batch)));
    }

    private static JobResult Result(string contentType, string text) => new(200, contentType, Encoding.UTF8.GetBytes(text), text.Length);

    private static JsonElement Data(Job job) => JsonDocument.Parse(EventBody.Of("x", job)).RootElement.GetProperty("data");
}
