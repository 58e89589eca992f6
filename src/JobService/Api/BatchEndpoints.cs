using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Batches: many jobs submitted together. Their results are served by <see cref="BatchResultEndpoints"/>.</summary>
internal static class BatchEndpoints
{
    /// <summary>How long the response to a cancel waits for running jobs to stop.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(500);

    public static void MapBatches(this IEndpointRouteBuilder v1)
    {
        var batches = v1.MapGroup("/batches").WithTags("Batches");

        batches.MapPost("", SubmitAsync).WithName("submitBatch")
            .WithSummary("Submit a batch")
            .WithDescription(Descriptions.SubmitBatch)
            .Takes<SubmitBatch>(Examples.Batch, MediaTypes.Ndjson).Takes(UploadQuery.Takes).TakesHeaders(RequestHeader.IdempotencyKey)
            .Returns<BatchView>(StatusCodes.Status202Accepted, "Durable. `Location` names the batch.")
            .Sends(ResponseHeader.Location, ResponseHeader.Replayed)
            .Refuses(ProblemType.TooSlow, ProblemType.BatchStopped, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.UnknownQueue, ProblemType.OverCapacity, ProblemType.NeverFits, ProblemType.RequestNotAllowed, ProblemType.Mismatched, ProblemType.QueueFull, ProblemType.Draining, ProblemType.StorageUnavailable, ProblemType.Internal);

        batches.MapGet("/{id}", GetAsync).WithName("getBatch")
            .WithSummary("Read a batch")
            .WithDescription("Its jobs by state, its progress and when it is expected to finish.")
            .Returns<BatchView>(StatusCodes.Status200OK, "The batch as it is now.")
            .Refuses(ProblemType.NotFound);

        batches.MapPost("/{id}/cancel", CancelAsync).WithName("cancelBatch")
            .WithSummary("Cancel a batch")
            .WithDescription("Queued jobs are cancelled, running ones are stopped, and an upload in progress is ended.")
            .Returns<BatchView>(StatusCodes.Status200OK, "All of its jobs have ended (also when it was cancelled before).")
            .Returns<BatchView>(StatusCodes.Status202Accepted, "Its jobs are being cancelled.")
            .Refuses(ProblemType.NotFound, ProblemType.BatchFinished, ProblemType.StorageUnavailable);

        batches.MapBatchResults();
    }

    // 202 accepted · 400 invalid · 408 idle · 409 cancelled meanwhile · 413 · 415 · 422 can never run · 429 full · 503
    private static Task<IResult> SubmitAsync(
        HttpContext http, BatchIntake intake, IntakeMemory memory, IJobStore store, JobIdSource ids, JobWaits waits, TimeProvider time, UploadParts parts) =>
        MediaTypes.Is(http.Request, MediaTypes.Ndjson) ? UploadAsync(http, parts) : SubmitAllAsync(http, intake, memory, store, ids, waits, time);

    private static async Task<IResult> SubmitAllAsync(
        HttpContext http, BatchIntake intake, IntakeMemory memory, IJobStore store, JobIdSource ids, JobWaits waits, TimeProvider time)
    {
        StreamBounds.LiftSize(http);
        var request = http.Request;
        if (request.Query.Count > 0)
            return Problems.Parameter(request.Query.Keys.First(), "only with NDJSON; with JSON, put it in the body.");
        var (key, keyFault) = IdempotencyHeader.Read(request.Headers[IdempotencyHeader.Name]);
        if (keyFault is not null)
            return Problems.Header(IdempotencyHeader.Name, keyFault);

        using var reserved = new BodyMemory(memory.Open(), memory.MaxWait, time, http.RequestAborted);
        var id = ids.Next();
        var (batch, jobs, refusal) = await ReadAsync(request, key, reserved, id, (job, index) => job.ToNewJob(ids.Next(), store.Now, batch: new BatchPlace(id, index)));
        if (refusal is not null)
            return refusal;
        if (waits.IsDraining)
            return Problems.Draining();

        var addition = await intake.SubmitAsync(batch!, jobs, http.RequestAborted, waits.StopTaking);
        return await addition.Match<Task<IResult>>(
            accepted: job => throw new UnreachableException($"A batch was submitted, and job {job.Id} was accepted."),
            batchAccepted: accepted => Task.FromResult<IResult>(Accepted(accepted, http)),
            replayed: async earlier =>
            {
                http.Response.Headers["Idempotency-Replayed"] = "true";
                return await store.FindBatchAsync(earlier) is { } known ? Accepted(known, http) : Problems.IdempotencyMismatch();
            },
            refused: no => Task.FromResult<IResult>(SubmissionProblems.Of(no, waits.IsDraining)));
    }

    private static async Task<(NewBatch? Batch, IReadOnlyList<NewJob> Jobs, IResult? Refusal)> ReadAsync(
        HttpRequest request, string? key, BodyMemory reserved, JobId id, Func<SubmitJob, int, NewJob> make)
    {
        var (body, refusal) = await JsonBody.ReadWholeAsync(request, BatchJobs.MaxBytes, reserved);
        if (refusal is not null)
            return (null, [], refusal);
        var reading = new BatchJobs(body, reserved);
        var (jobs, wrong) = await reading.ReadAsync(make);
        if (wrong is not null)
            return (null, [], wrong);
        var batch = reading.Batch!;
        var idempotency = key is null ? null : new IdempotencyKey(key, SHA256.HashData(body!));
        return (new NewBatch(id, batch.Queue, batch.OnFailure == OnFailure.Cancel, idempotency, batch.Callback?.ToCallback()), jobs, null);
    }

    private static async Task<IResult> UploadAsync(HttpContext http, UploadParts parts)
    {
        StreamBounds.LiftForUpload(http);
        if (MediaTypes.Fault(http.Request, MediaTypes.Ndjson) is { } fault)
            return Problems.MediaType(fault);
        if (http.Request.Headers.ContainsKey(IdempotencyHeader.Name))
            return Problems.Header(IdempotencyHeader.Name, "only with a batch in one JSON document: an upload is accepted while it arrives, before its end is known.");
        var (query, refusal) = UploadQuery.Read(http.Request.Query);
        if (query is null)
            return refusal!;
        if (parts.Waits.IsDraining)
            return Problems.Draining();

        var batch = new NewBatch(parts.Ids.Next(), query.Queue, query.CancelOnFailure, Callback: query.Callback);
        await parts.Intake.OpenAsync(batch);
        var end = await new BatchUpload(parts, batch, query.Defaults, onlyThisQueue: false).RunAsync(http);
        return end.Refusal ?? (IResult)Accepted((await parts.Store.FindBatchAsync(batch.Id))!, http);
    }

    // 200 · 404
    private static async Task<IResult> GetAsync(string id, IJobStore store) =>
        JobId.TryParse(id, out var batch) && await store.FindBatchAsync(batch) is { } found
            ? new JsonResponse<BatchView>(StatusCodes.Status200OK, BatchView.Of(found))
            : Problems.NoBatch(id);

    // 200 over · 202 being cancelled · 404 · 409 over before
    private static async Task<IResult> CancelAsync(string id, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits)
    {
        if (!JobId.TryParse(id, out var batch))
            return Problems.NoBatch(id);

        using var watch = hub.Watch(batch);
        var outcome = await store.CancelBatchAsync(batch, CancelReason.Request);
        if (outcome.Match<IResult?>(notFound: () => Problems.NoBatch(id), stopping: _ => null, finished: _ => Problems.BatchFinished()) is { } refusal)
            return refusal;

        var stopped = await waits.IsOverWithinAsync(watch, StopPatience, http.RequestAborted);
        return stopped is null ? Problems.NoBatch(id) : new JsonResponse<BatchView>(stopped.IsOver ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, BatchView.Of(stopped));
    }

    private static JsonResponse<BatchView> Accepted(Batch batch, HttpContext http)
    {
        http.Response.Headers.Location = http.Request.Reached($"/v1/batches/{batch.Id}");
        return new JsonResponse<BatchView>(StatusCodes.Status202Accepted, BatchView.Of(batch));
    }
}
