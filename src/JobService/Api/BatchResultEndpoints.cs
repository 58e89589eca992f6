using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>gather, as_completed and wait, over HTTP.</summary>
internal static class BatchResultEndpoints
{
    /// <summary>Bytes of results after which a page of JSON ends, whatever its limit.</summary>
    private const long MaxPageBytes = 16 * 1024 * 1024;

    public static void MapBatchResults(this IEndpointRouteBuilder batches) =>
        batches.MapGet("/{id}/results", ResultsAsync).WithName("getBatchResults")
            .WithSummary("Read the results of a batch")
            .WithDescription(Descriptions.BatchResults)
            .Takes(ResultsQuery.Takes).TakesHeaders(RequestHeader.LastEventId)
            .Answers<ResultPage>(StatusCodes.Status200OK, "A page of results, or a stream of them.", MediaTypes.Json, MediaTypes.Ndjson, MediaTypes.EventStream)
            .Refuses(ProblemType.NotFound, ProblemType.NotAcceptable);

    // 200 · 400 · 404 · 406
    private static async Task<IResult> ResultsAsync(string id, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits, ResultStream stream)
    {
        if (!JobId.TryParse(id, out var batch))
            return Problems.NoBatch(id);
        var (wish, limit, patience, refusal) = ResultsQuery.Read(batch, http.Request);
        if (wish is null)
            return refusal!;

        var form = MediaTypes.Choose(http.Request, MediaTypes.Json, MediaTypes.Ndjson, MediaTypes.EventStream);
        if (form is null)
            return Problems.NotAcceptable($"{MediaTypes.Json}, {MediaTypes.Ndjson}, {MediaTypes.EventStream}");
        if (form == MediaTypes.Json)
            return await PageAsync(wish, limit, patience, http, store, hub, waits) is { } page ? new JsonAnswer<ResultPage>(StatusCodes.Status200OK, page) : Problems.NoBatch(id);
        if (await store.FindBatchAsync(batch) is null)
            return Problems.NoBatch(id);

        await stream.RunAsync(http, wish, asEvents: form == MediaTypes.EventStream);
        return Results.Empty;
    }

    private static async Task<ResultPage?> PageAsync(
        ResultsWish wish, int limit, TimeSpan patience, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits)
    {
        using var watch = hub.Watch(wish.Batch);
        using var patient = waits.Patience(patience, http.RequestAborted);
        var reader = new ResultReader(store, wish);
        var items = new List<ResultView>();
        var bytes = 0L;
        while (await reader.NextAsync(limit - items.Count) is { } page)
        {
            items.AddRange(page.Items.Select(ResultView.Of));
            bytes += page.Items.Sum(item => item.Result?.Body?.Length ?? 0L);
            var isFull = items.Count == limit || bytes > MaxPageBytes;
            if (reader.IsEnd || isFull || (!page.IsCut && !await patient.ChangedAsync(watch)))
            {
                var complete = reader.IsEnd && page.Batch.IsOver;
                return new ResultPage(items, complete, complete || reader.IsPart ? null : ResultsQuery.CursorOf(wish.InInputOrder, reader.After));
            }
        }

        return null;
    }
}
