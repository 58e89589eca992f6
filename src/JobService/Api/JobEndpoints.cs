using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Submitting and reading jobs. What changes them stands in <see cref="JobActionEndpoints"/>.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs").WithTags("Jobs");

        jobs.MapPost("", SubmitAsync).WithName("submitJob")
            .WithSummary("Submit a job")
            .WithDescription(Descriptions.Submit)
            .Takes<SubmitJob>(Examples.Job).Takes(QueryParameter.OnDisconnect).TakesHeaders(RequestHeader.Prefer, RequestHeader.IdempotencyKey)
            .Answers<JobView>(StatusCodes.Status202Accepted, "Durable. `Location` names the job.")
            .Answers<JobView>(StatusCodes.Status200OK, "Only with `Prefer: wait`: the job has ended.")
            .Sends(ResponseHeader.Location, ResponseHeader.PreferenceApplied, ResponseHeader.Replayed)
            .Refuses(ProblemType.InProgress, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.UnknownQueue, ProblemType.NeverFits, ProblemType.RequestNotAllowed, ProblemType.Mismatched, ProblemType.QueueFull, ProblemType.Draining, ProblemType.StorageUnavailable, ProblemType.Internal);

        jobs.MapGet("", ListAsync).WithName("listJobs")
            .WithSummary("List jobs")
            .WithDescription("Newest first. `nextCursor` and `Link: rel=\"next\"` lead to the next page. Results and attempts are left out.")
            .WithMetadata(ListQuery.Takes)
            .Answers<JobList>(StatusCodes.Status200OK, "A page of jobs.")
            .Sends(ResponseHeader.Link)
            .Refuses();

        jobs.MapGet("/{id}", GetAsync).WithName("getJob")
            .WithSummary("Read a job")
            .WithDescription("Answers 200 whatever the state. `?wait=20` holds the answer until the job ends. `If-None-Match` with the `ETag` answers 304 while nothing has changed.")
            .Takes(QueryParameter.Wait).TakesHeaders(RequestHeader.IfNoneMatch)
            .Answers<JobView>(StatusCodes.Status200OK, "The job as it is now.")
            .AnswersEmpty(StatusCodes.Status304NotModified, "Nothing has changed.")
            .Sends(ResponseHeader.ETag, ResponseHeader.WaitAgain)
            .Refuses(ProblemType.NotFound);

        jobs.MapGet("/{id}/result", ResultAsync).WithName("getJobResult")
            .WithSummary("Read a job's result as it is")
            .WithDescription("The response's body after processing, with its own content type. Compression is undone, and what is called JSON and is none is served as text, or as bytes.")
            .Answers<byte[]>(StatusCodes.Status200OK, "The result.", MediaTypes.Bytes)
            .Refuses(ProblemType.NotFound, ProblemType.NoResult);

        jobs.MapJobActions();
    }

    // 202 accepted · 200 finished while the client waited · 400 wrong by itself · 409 same key under way · 413 · 415 · 422 can never run · 429 full · 503
    private static async Task<IResult> SubmitAsync(
        HttpContext http, JobIntake intake, IntakeMemory memory, IJobStore store, JobEventHub hub, JobIdSource ids, JobWaits waits, TimeProvider time)
    {
        var request = http.Request;
        var (key, keyFault) = IdempotencyHeader.Read(request.Headers[IdempotencyHeader.Name]);
        if (keyFault is not null)
            return Problems.Header(IdempotencyHeader.Name, keyFault);
        // Who gives a key has said that it will send the request again: a proxy that cuts the wait ends nothing.
        if (OnDisconnect(request.Query, otherwise: key is null) is not { } cancelOnHangUp)
            return Problems.Parameter(QueryParameter.OnDisconnect.Name, QueryParameter.OnDisconnect.OneOf);

        var id = ids.Next();
        var asked = Preferences.Wait(request.Headers["Prefer"]);
        // On the list before the job can end: what ends in between is not missed.
        using var wait = asked is null ? null : hub.WhenEnded(id);
        var (submission, queue, refusal) = await TakeInAsync(http, key, id, intake, memory, store, waits, time);
        if (refusal is not null)
            return refusal;
        if (wait is null || submission is not (Submission.Accepted or Submission.Replayed))
            return await AnswerAsync(submission!, queue, http, store, waits);

        var patience = waits.AtMost(TimeSpan.FromSeconds(asked!.Value));
        http.Response.Headers["Preference-Applied"] = $"wait={patience.TotalSeconds}";
        if (submission is Submission.Replayed(var earlier))
        {
            // Somebody else's request, or an earlier one: hanging up on a replay cancels nothing.
            http.Response.Headers["Idempotency-Replayed"] = "true";
            return await WaitAsync(earlier, patience, http, hub, store, waits) is { } known ? Accepted(known, http) : Problems.IdempotencyInProgress();
        }

        var ended = await waits.EndsWithinAsync(wait, patience, http.RequestAborted);
        if (!ended && http.RequestAborted.IsCancellationRequested && cancelOnHangUp && !waits.IsDraining)
            await store.CancelAsync(id, CancelReason.Disconnect);

        return Accepted(await store.FindAsync(id, ResultJson.MaxInlineBytes) ?? ((Submission.Accepted)submission).Job, http);
    }

    /// <summary>Reads the job and has it stored. Whoever waits for its end holds nothing of what it was made of.</summary>
    private static async Task<(Submission? Submission, string Queue, IResult? Refusal)> TakeInAsync(
        HttpContext http, string? key, JobId id, JobIntake intake, IntakeMemory memory, IJobStore store, JobWaits waits, TimeProvider time)
    {
        using var room = new BodyMemory(memory.Open(), memory.MaxWait, time, http.RequestAborted);
        var body = await JsonBody.ReadAsync<SubmitJob>(http.Request, room, fingerprint: key is not null);
        if (body.IsRefused)
            return (null, "", body.Refusal);
        Violation[] violations = [.. body.Value.Check()];
        if (violations.Length > 0)
            return (null, "", Problems.Body(violations));
        if (waits.IsDraining)
            return (null, "", Problems.Draining());

        var job = body.Value.ToNewJob(id, store.Now, key is null ? null : new IdempotencyKey(key, body.Fingerprint));
        return (await intake.SubmitAsync(job, http.RequestAborted, waits.StopTaking), job.Queue, null);
    }

    private static async Task<IResult> AnswerAsync(Submission submission, string queue, HttpContext http, IJobStore store, JobWaits waits)
    {
        switch (submission)
        {
            case Submission.Accepted(var accepted):
                return Accepted(accepted, http);
            case Submission.Replayed(var earlier):
                http.Response.Headers["Idempotency-Replayed"] = "true";
                return await store.FindAsync(earlier, ResultJson.MaxInlineBytes) is { } known ? Replay(known, http) : Problems.IdempotencyInProgress();
            default:
                return SubmissionProblems.Of(submission, queue, waits.IsDraining);
        }
    }

    // 200 page · 400 unknown or damaged parameter
    private static async Task<IResult> ListAsync(HttpContext http, IJobStore store)
    {
        var (query, refusal) = ListQuery.Read(http.Request.Query);
        if (query is null)
            return refusal!;

        // One more than asked for tells whether there is a next page.
        var found = await store.ListAsync(query.Filter, query.Limit + 1, query.Before, http.RequestAborted);
        var page = found.Take(query.Limit).Select(JobView.Of).ToArray();
        if (found.Count <= query.Limit)
            return new JsonAnswer<JobList>(StatusCodes.Status200OK, new JobList(page, null));

        var cursor = Cursor.Of(found[query.Limit - 1].Id);
        http.Response.Headers.Link = $"<{ListQuery.Next(http.Request, cursor)}>; rel=\"next\"";
        return new JsonAnswer<JobList>(StatusCodes.Status200OK, new JobList(page, cursor));
    }

    // 200 whatever the state · 304 unchanged · 400 · 404
    private static async Task<IResult> GetAsync(string id, HttpContext http, IJobStore store, JobEventHub hub, JobWaits waits)
    {
        if (!JobId.TryParse(id, out var job))
            return Problems.NoJob(id);
        if (WaitQuery.Read(http.Request.Query) is not { } patience)
            return Problems.Parameter("wait", WaitQuery.Wanted);

        return await WaitAsync(job, patience, http, hub, store, waits) is { } found ? new TaggedJob(found, store.Now) : Problems.NoJob(id);
    }

    // 200 the bytes · 404 · 409 none (yet)
    private static async Task<IResult> ResultAsync(string id, HttpContext http, IJobStore store)
    {
        if (!JobId.TryParse(id, out var job) || await store.FindAsync(job, int.MaxValue) is not { } found)
            return Problems.NoJob(id);
        if (found is not { State: JobState.Succeeded, Result: { Body: { } bytes } result })
            return Problems.NoResult(found.State);

        // Somebody else's bytes under our name: no browser shall run them.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentSecurityPolicy = "sandbox";
        return Results.Bytes(bytes, ResultJson.ContentTypeOf(result.ContentType, bytes));
    }

    private static async Task<Job?> WaitAsync(JobId id, TimeSpan patience, HttpContext http, JobEventHub hub, IJobStore store, JobWaits waits)
    {
        if (patience <= TimeSpan.Zero)
            return await store.FindAsync(id, ResultJson.MaxInlineBytes);

        using var wait = hub.WhenEnded(id);
        var job = await store.FindAsync(id, ResultJson.MaxInlineBytes);
        if (job is null || job.State.IsFinished())
            return job;

        // Ended or not: what was read before the wait is old by now.
        await waits.EndsWithinAsync(wait, patience, http.RequestAborted);
        return await store.FindAsync(id, ResultJson.MaxInlineBytes);
    }

    private static JsonAnswer<JobView> Accepted(Job job, HttpContext http)
    {
        http.Response.Headers.Location = http.Request.Reached($"/v1/jobs/{job.Id}");
        return new JsonAnswer<JobView>(job.State.IsFinished() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, JobView.Of(job));
    }

    private static JsonAnswer<JobView> Replay(Job job, HttpContext http)
    {
        http.Response.Headers.Location = http.Request.Reached($"/v1/jobs/{job.Id}");
        return new JsonAnswer<JobView>(StatusCodes.Status202Accepted, JobView.Of(job));
    }

    /// <returns>True for cancel; null when it is neither.</returns>
    private static bool? OnDisconnect(IQueryCollection query, bool otherwise) => !query.TryGetValue(QueryParameter.OnDisconnect.Name, out var word)
        ? otherwise
        : QueryParameter.OnDisconnect.Read(word.ToString()) switch
        {
            "cancel" => true,
            "continue" => false,
            _ => null,
        };
}
