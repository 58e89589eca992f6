using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.Json;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Callbacks;

/// <summary>The body of an event: <c>{"type", "timestamp", "data"}</c>, with the summary of the job or batch as data.</summary>
internal static class EventBody
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <param name="work">The delivery and its subject.</param>
    /// <param name="root">The base of the links.</param>
    public static byte[] Of(DeliveryWork work, string root) => work switch
    {
        { Job: { } job } => Of(work.Type, job, root),
        { Batch: { } batch } => Of(work.Type, batch, root),
        _ => throw new InvalidOperationException($"The job or batch of delivery {work.Pending.Id} no longer exists."),
    };

    /// <param name="type">Such as <c>job.succeeded</c>.</param>
    /// <param name="job">The job as it was when it ended, its result inline unless it is too large.</param>
    /// <param name="root">The base of the links.</param>
    public static byte[] Of(string type, Job job, string root = "")
    {
        var self = $"{root}/v1/jobs/{job.Id}";
        var summary = new JobSummary(
            job.Id.Value, job.Queue, job.Key, job.State, job.Attempt, job.Tags, job.CreatedAt.UtcDateTime, job.FinishedAt?.UtcDateTime, job.CancelReason,
            job.Error, ResultJson.Of(job.Result), job.Result is { Headers: { } headers } kept ? new KeptResponse(kept.Status, kept.ContentType, headers) : null, new SummaryLinks(self, job.Result is null ? null : self + "/result"));
        return JsonSerializer.SerializeToUtf8Bytes(new Event<JobSummary>(type, summary.FinishedAt, summary), Options);
    }

    /// <param name="type"><c>batch.finished</c>.</param>
    /// <param name="batch">The batch as it was when it was over.</param>
    /// <param name="root">The base of the links.</param>
    public static byte[] Of(string type, Batch batch, string root = "")
    {
        var self = $"{root}/v1/batches/{batch.Id}";
        var summary = new BatchSummary(
            batch.Id.Value, batch.Queue, batch.State, batch.Total, new EndCounts(batch.Succeeded, batch.Failed, batch.Cancelled), batch.CreatedAt.UtcDateTime,
            batch.FinishedAt?.UtcDateTime, batch.CancelReason, new BatchSummaryLinks(self, self + "/results", $"{root}/v1/jobs?batch={batch.Id}"));
        return JsonSerializer.SerializeToUtf8Bytes(new Event<BatchSummary>(type, summary.FinishedAt, summary), Options);
    }

    private sealed record Event<T>(string Type, DateTime? Timestamp, T Data);

    private sealed record JobSummary(
        Guid Id, string Queue, string Key, JobState State, int Attempt, IReadOnlyDictionary<string, string>? Tags, DateTime CreatedAt, DateTime? FinishedAt,
        CancelReason? CancelReason, JobError? Error, RawJson? Result, KeptResponse? Response, SummaryLinks Links);

    /// <summary>Only if the queue keeps headers: as in the job.</summary>
    private sealed record KeptResponse(int Status, string? ContentType, IReadOnlyDictionary<string, string> Headers);

    private sealed record BatchSummary(
        Guid Id, string Queue, BatchState State, long Total, EndCounts Counts, DateTime CreatedAt, DateTime? FinishedAt, CancelReason? CancelReason, BatchSummaryLinks Links);

    private sealed record EndCounts(long Succeeded, long Failed, long Cancelled);

    private sealed record BatchSummaryLinks(string Self, string Results, string Jobs);

    private sealed record SummaryLinks(string Self, string? Result);
}
