using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>gather, as_completed and wait, over HTTP.</summary>
internal static class BatchResultEndpoints
{
    /// <summary>The most memory that reading a few results takes until they are written: their bodies and the objects built from them.</summary>
    private const long ReadBytes = 512 * 1024;

    public static void MapBatchResults(this IEndpointRouteBuilder batches) =>
        batches.MapGet("/{id}/results", ResultsAsync).WithName("getBatchResults")
            .WithSummary("Read the results of a batch")
            .WithDescription(Descriptions.BatchResults)
            .Takes(ResultsQuery.Takes).TakesHeaders(RequestHeader.LastEventId)
            .Returns<ResultPage>(StatusCodes.Status200OK, "A page of results, or a stream of them.", MediaTypes.Json, MediaTypes.Ndjson, MediaTypes.EventStream)
            .Refuses(ProblemType.NotFound, ProblemType.NotAcceptable, ProblemType.ResponsesFull);

    // 200 · 400 · 404 · 406
    private static async Task<IResult> ResultsAsync(string id, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits, ResponseMemory memory, ResultStream stream)
    {
        if (!JobId.TryParse(id, out var batch))
            return Problems.NoBatch(id);
        var (wanted, limit, patience, refusal) = ResultsQuery.Read(batch, http.Request);
        if (wanted is null)
            return refusal!;

        var form = MediaTypes.Choose(http.Request, MediaTypes.Json, MediaTypes.Ndjson, MediaTypes.EventStream);
        if (form is null)
            return Problems.NotAcceptable($"{MediaTypes.Json}, {MediaTypes.Ndjson}, {MediaTypes.EventStream}");
        if (form == MediaTypes.Json)
            return await PageAsync(wanted, limit, patience, http, store, hub, waits, memory);
        if (await store.FindBatchAsync(batch) is null)
            return Problems.NoBatch(id);

        await stream.RunAsync(http, wanted, asEvents: form == MediaTypes.EventStream);
        return Results.Empty;
    }

    private static async Task<IResult> PageAsync(
        ResultsRequest wanted, int limit, TimeSpan patience, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits, ResponseMemory memory)
    {
        using var watch = hub.Watch(wanted.Batch);
        using var patient = waits.Patience(patience, http.RequestAborted);
        var reader = new ResultReader(store, wanted);
        var page = new JsonPage(memory.Open(http.RequestAborted));
        var hasResponse = false;
        try
        {
            while (true)
            {
                if (!await page.ReserveAsync(ReadBytes))
                    return page.Count > 0 ? Response(complete: false) : Problems.ResponsesFull();
                if (await reader.NextAsync(limit - page.Count) is not { } read)
                    return Problems.NoBatch(wanted.Batch.ToString());

                foreach (var item in read.Items)
                    page.Add(ResultView.Of(item), http.Request.PathBase.ToUriComponent());
                page.Settle();
                var isFull = page.Count == limit || page.Bytes > JsonPage.MaxBytes;
                if (reader.IsEnd || isFull || (!read.IsCut && !await patient.ChangedAsync(watch)))
                    return Response(reader.IsEnd && read.Batch.IsOver);
            }
        }
        finally
        {
            if (!hasResponse)
                page.Dispose();
        }

        PageResponse<ResultPage> Response(bool complete)
        {
            hasResponse = true;
            return new PageResponse<ResultPage>(page, new ResultPage([], complete, complete || reader.IsPart ? null : ResultsQuery.CursorOf(wanted.InInputOrder, reader.After)));
        }
    }
}
