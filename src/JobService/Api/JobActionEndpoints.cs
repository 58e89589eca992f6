using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Cancel and retry, of one job and of many.</summary>
internal static class JobActionEndpoints
{
    /// <summary>How long the response waits for a running job that was told to stop.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(200);

    public static void MapJobActions(this IEndpointRouteBuilder jobs)
    {
        jobs.MapPost("/{id}/cancel", CancelAsync).WithName("cancelJob")
            .WithSummary("Cancel a job")
            .WithDescription("A waiting job is cancelled at once. A running one is stopped: its call is aborted, its processing cancelled.")
            .Returns<JobView>(StatusCodes.Status200OK, "The job is cancelled, by this request or before.")
            .Returns<JobView>(StatusCodes.Status202Accepted, "The job runs and has been told to stop.")
            .Refuses(ProblemType.NotFound, ProblemType.JobFinished, ProblemType.StorageUnavailable);

        jobs.MapPost("/{id}/retry", RetryAsync).WithName("retryJob")
            .WithSummary("Retry a failed or cancelled job")
            .WithDescription("Puts the job back to `queued` with its failure count reset.")
            .Returns<JobView>(StatusCodes.Status202Accepted, "The job is queued again.")
            .Sends(ResponseHeader.Location)
            .Refuses(ProblemType.NotFound, ProblemType.NotRetryable, ProblemType.QueueFull, ProblemType.StorageUnavailable);

        jobs.MapPost("/cancel", CancelManyAsync).WithName("cancelJobs")
            .WithSummary("Cancel all jobs that match")
            .Takes<JobSelection>(Examples.Selection)
            .Returns<CancelledJobs>(StatusCodes.Status200OK, "How many matched, were cancelled and were told to stop.")
            .Refuses(ProblemType.TooLarge, ProblemType.MediaType, ProblemType.QueueFull, ProblemType.StorageUnavailable);

        jobs.MapPost("/retry", RetryManyAsync).WithName("retryJobs")
            .WithSummary("Retry all failed and cancelled jobs that match")
            .Takes<JobSelection>(Examples.FailedSelection)
            .Returns<RequeuedJobs>(StatusCodes.Status200OK, "How many matched and were queued again.")
            .Refuses(ProblemType.TooLarge, ProblemType.MediaType, ProblemType.QueueFull, ProblemType.StorageUnavailable);
    }

    // 200 cancelled · 202 stopping · 404 · 409 succeeded or failed before
    private static async Task<IResult> CancelAsync(string id, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits)
    {
        if (!JobId.TryParse(id, out var job))
            return Problems.NoJob(id);

        using var wait = hub.WhenEnded(job);
        var outcome = await store.CancelAsync(job, CancelReason.Request);
        var refusal = await outcome.Match<Task<IResult?>>(
            notFound: () => Task.FromResult<IResult?>(Problems.NoJob(id)),
            cancelled: () => Task.FromResult<IResult?>(null),
            stopping: async () =>
            {
                await waits.EndsWithinAsync(wait, StopPatience, http.RequestAborted);
                return null;
            },
            finished: state => Task.FromResult<IResult?>(Problems.JobFinished(state)));
        if (refusal is not null)
            return refusal;

        return await store.FindAsync(job, WholeJobs.SmallBytes) switch
        {
            null => Problems.NoJob(id),
            { State: JobState.Succeeded or JobState.Failed } ended => Problems.JobFinished(ended.State),
            { State: JobState.Cancelled } cancelled => Response(StatusCodes.Status200OK, cancelled),
            { State: JobState.Queued or JobState.Running } stopping => Response(StatusCodes.Status202Accepted, stopping),
        };
    }

    // 202 queued again · 404 · 409 neither failed nor cancelled · 429 full
    private static async Task<IResult> RetryAsync(string id, HttpContext http, IJobStore store)
    {
        if (!JobId.TryParse(id, out var job))
            return Problems.NoJob(id);

        var outcome = await store.RetryAsync(job);
        var refusal = outcome.Match<IResult?>(
            notFound: () => Problems.NoJob(id),
            requeued: () => null,
            wrongState: state => Problems.NotRetryable(state),
            queueDeleted: () => Problems.QueueDeleted(),
            full: () => Problems.QueueFull(TimeSpan.FromSeconds(1)));
        if (refusal is not null)
            return refusal;

        http.Response.Headers.Location = http.Request.Reached($"/v1/jobs/{job}");
        return await store.FindAsync(job, WholeJobs.SmallBytes) is { } found ? Response(StatusCodes.Status202Accepted, found) : Problems.NoJob(id);
    }

    // 200 · 400 empty filter · 429 full
    private static async Task<IResult> CancelManyAsync(HttpContext http, IJobStore store, IntakeMemory memory, TimeProvider time)
    {
        var (filter, refusal) = await SelectionAsync(http, memory, time);
        if (filter is null)
            return refusal!;

        var (matched, cancelled, stopping) = await store.CancelManyAsync(filter, CancelReason.Request);
        return new JsonResponse<CancelledJobs>(StatusCodes.Status200OK, new CancelledJobs(matched, cancelled, stopping));
    }

    // 200 · 400 empty filter · 429 full
    private static async Task<IResult> RetryManyAsync(HttpContext http, IJobStore store, IntakeMemory memory, TimeProvider time)
    {
        var (filter, refusal) = await SelectionAsync(http, memory, time);
        if (filter is null)
            return refusal!;

        var (matched, requeued) = await store.RetryManyAsync(filter);
        return new JsonResponse<RequeuedJobs>(StatusCodes.Status200OK, new RequeuedJobs(matched, requeued));
    }

    private static async Task<(JobFilter? Filter, IResult? Refusal)> SelectionAsync(HttpContext http, IntakeMemory memory, TimeProvider time)
    {
        var body = await JsonBody.ReadAsync<JobSelection>(http, memory, time);
        if (body.IsRefused)
            return (null, body.Refusal);

        Violation[] violations = [.. body.Value.Check()];
        return violations.Length > 0 ? (null, Problems.Body(violations)) : (body.Value.ToFilter(), null);
    }

    private static JsonResponse<JobView> Response(int status, Job job) => new(status, JobView.Of(job));
}
