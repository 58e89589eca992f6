using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Jobs in and results out on one connection, both ways at once.</summary>
internal static class MapEndpoint
{
    public static void MapMap(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/queues/{name}/map", MapAsync).WithTags("Batches").WithName("mapQueue")
            .WithSummary("Jobs in, results out")
            .WithDescription(Descriptions.Map)
            .Accepts<SubmitJob>(MediaTypes.Ndjson).Takes(ResultsQuery.Order)
            .Returns<ResultView>(StatusCodes.Status200OK, "One result per line, and a summary as the last line. `Location` names the batch.", MediaTypes.Ndjson)
            .Sends(ResponseHeader.Location)
            .Refuses(ProblemType.NotFound, ProblemType.TooSlow, ProblemType.BatchStopped, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.UnknownQueue, ProblemType.NeverFits, ProblemType.RequestNotAllowed, ProblemType.Draining, ProblemType.StorageUnavailable, ProblemType.Internal);

    // 200 results as they end · 400 · 404 · 415 · 503: as long as no job has been accepted
    private static async Task<IResult> MapAsync(string name, HttpContext http, UploadParts parts, ResultStream stream)
    {
        StreamBounds.LiftForUpload(http);
        if (MediaTypes.Fault(http.Request, MediaTypes.Ndjson) is { } fault)
            return Problems.MediaType(fault);
        if (ResultsQuery.IsInInputOrder(http.Request.Query) is not { } inInputOrder)
            return Problems.Parameter(ResultsQuery.Order.Name, ResultsQuery.Order.OneOf);
        if (!parts.Store.Catalog.Queues.ContainsKey(name))
            return Problems.NoQueue(name);
        if (parts.Waits.IsDraining)
            return Problems.Draining();

        var batch = new NewBatch(parts.Ids.Next(), name);
        await parts.Intake.OpenAsync(batch);
        var upload = new BatchUpload(parts, batch, defaults: null, onlyThisQueue: true);
        var uploading = UploadAsync(upload, batch.Id, http, parts.Store);
        try
        {
            await Task.WhenAny(upload.Begun, uploading);
            if (uploading.IsCompleted && await uploading is { Accepted: 0, Refusal: { } refusal })
                return refusal;

            http.Response.Headers.Location = http.Request.Reached($"/v1/batches/{batch.Id}");
            await stream.RunAsync(http, new ResultsRequest(batch.Id, inInputOrder, Until.All, ResultsRequest.Beginning(inInputOrder)), asEvents: false, uploading);
            return Results.Empty;
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested && !parts.Waits.IsDraining)
        {
            await parts.Store.CancelBatchAsync(batch.Id, CancelReason.Disconnect);
            return Results.Empty;
        }
        finally
        {
            // The upload reads from the request, so the request must not be completed before the upload has ended.
            if (!uploading.IsCompleted && !parts.Waits.IsDraining)
                http.Abort();
            await ((Task)uploading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A client that aborts the upload does not want the results either, whatever the state of the connection.</summary>
    private static async Task<UploadEnd> UploadAsync(BatchUpload upload, JobId batch, HttpContext http, IJobStore store)
    {
        var end = await upload.RunAsync(http);
        if (end.IsCut)
            await store.CancelBatchAsync(batch, CancelReason.Disconnect);
        return end;
    }
}
