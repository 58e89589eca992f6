using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Submitting and reading jobs. Requests that change them are in <see cref="JobActionEndpoints"/>.</summary>
internal static class JobEndpoints
{
    /// <summary>How many jobs of a list are read at once, and the most memory that they take until they are written: tags and errors can be long.</summary>
    private const int ReadAtOnce = 50;
    private const long ReadBytes = 8 * 1024 * 1024;

    public static void MapJobs(this IEndpointRouteBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs").WithTags("Jobs");

        jobs.MapPost("", (Func<HttpContext, Task>)v1.ServiceProvider.GetRequiredService<JobSubmission>().RespondAsync).WithName("submitJob")
            .WithSummary("Submit a job")
            .WithDescription(Descriptions.Submit)
            .Takes<SubmitJob>(Examples.Job).Takes(QueryParameter.OnDisconnect).TakesHeaders(RequestHeader.Prefer, RequestHeader.IdempotencyKey)
            .Returns<JobView>(StatusCodes.Status202Accepted, "Durable. `Location` names the job.")
            .Returns<JobView>(StatusCodes.Status200OK, "Only with `Prefer: wait`: the job has ended.")
            .Sends(ResponseHeader.Location, ResponseHeader.PreferenceApplied, ResponseHeader.Replayed)
            .Refuses(ProblemType.InProgress, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.UnknownQueue, ProblemType.NeverFits, ProblemType.RequestNotAllowed, ProblemType.Mismatched, ProblemType.QueueFull, ProblemType.Draining, ProblemType.StorageUnavailable, ProblemType.Internal);

        jobs.MapGet("", ListAsync).WithName("listJobs")
            .WithSummary("List jobs")
            .WithDescription("Newest first. `nextCursor` and `Link: rel=\"next\"` lead to the next page. Results and attempts are left out.")
            .WithMetadata(ListQuery.Takes)
            .Returns<JobList>(StatusCodes.Status200OK, "A page of jobs.")
            .Sends(ResponseHeader.Link)
            .Refuses(ProblemType.ResponsesFull);

        jobs.MapGet("/{id}", GetAsync).WithName("getJob")
            .WithSummary("Read a job")
            .WithDescription("The status is 200 whatever the state. `?wait=20` holds the response until the job ends. With the `ETag` in `If-None-Match` the status is 304 while nothing has changed.")
            .Takes(QueryParameter.Wait).TakesHeaders(RequestHeader.IfNoneMatch)
            .Returns<JobView>(StatusCodes.Status200OK, "The job as it is now.")
            .ReturnsEmpty(StatusCodes.Status304NotModified, "Nothing has changed.")
            .Sends(ResponseHeader.ETag, ResponseHeader.WaitAgain)
            .Refuses(ProblemType.NotFound);

        jobs.MapGet("/{id}/result", ResultAsync).WithName("getJobResult")
            .WithSummary("Read a job's result as it is")
            .WithDescription("The response's body after processing, with its own content type. Compression is removed, and a body that is labelled as JSON but is not valid JSON is served as text or as bytes.")
            .Returns<byte[]>(StatusCodes.Status200OK, "The result.", MediaTypes.Bytes)
            .Refuses(ProblemType.NotFound, ProblemType.NoResult);

        jobs.MapJobActions();
    }

    // 200 page · 400 unknown or damaged parameter · 503 no memory
    private static async Task<IResult> ListAsync(HttpContext http, IJobStore store, ResponseMemory memory)
    {
        var (query, refusal) = ListQuery.Read(http.Request.Query);
        if (query is null)
            return refusal!;

        var page = new JsonPage(memory.Open(http.RequestAborted));
        var hasResponse = false;
        try
        {
            var before = query.Before;
            while (true)
            {
                if (!await page.ReserveAsync(ReadBytes))
                    return page.Count > 0 ? Response(Cursor.Of(before!.Value)) : Problems.ResponsesFull();

                // One more than asked for shows whether there is a next page.
                var some = Math.Min(query.Limit - page.Count, ReadAtOnce);
                var found = await store.ListAsync(query.Filter, some + 1, before, http.RequestAborted);
                foreach (var job in found.Take(some))
                    page.Add(JobView.Of(job), http.Request.PathBase.ToUriComponent());
                page.Settle();
                if (found.Count <= some)
                    return Response(cursor: null);
                before = found[some - 1].Id;
                if (page.Count == query.Limit || page.Bytes > JsonPage.MaxBytes)
                    return Response(Cursor.Of(before.Value));
            }
        }
        finally
        {
            if (!hasResponse)
                page.Dispose();
        }

        PageResponse<JobList> Response(string? cursor)
        {
            hasResponse = true;
            if (cursor is not null)
                http.Response.Headers.Link = $"<{ListQuery.Next(http.Request, cursor)}>; rel=\"next\"";
            return new PageResponse<JobList>(page, new JobList([], cursor));
        }
    }

    // 200 whatever the state · 304 unchanged · 400 · 404 · 503 no memory
    private static async Task<IResult> GetAsync(string id, HttpContext http, IJobStore store, JobWaits waits, WholeJobs wholeJobs)
    {
        if (!JobId.TryParse(id, out var job))
            return Problems.NoJob(id);
        if (WaitQuery.Read(http.Request.Query) is not { } patience)
            return Problems.Parameter("wait", WaitQuery.Wanted);

        if (await waits.HasEndedWithinAsync(job, patience, http.RequestAborted) is not { } found)
            return Problems.NoJob(id);
        return await wholeJobs.ReadAsync(found, http) is { } whole ? new TaggedJob(whole, store.Now) : Problems.ResponsesFull();
    }

    // 200 the bytes · 404 · 409 none (yet)
    private static async Task<IResult> ResultAsync(string id, HttpContext http, IJobStore store)
    {
        if (!JobId.TryParse(id, out var job) || await store.FindAsync(job, ResultJson.MaxInlineBytes) is not { } found)
            return Problems.NoJob(id);
        if (found is not { State: JobState.Succeeded, Result: { } result })
            return Problems.NoResult(found.State);

        // Bytes from another server under our origin: no browser may execute them.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentSecurityPolicy = "sandbox";
        if (result.Body is { } bytes)
            return Results.Bytes(bytes, ResultJson.ContentTypeOf(result.ContentType, bytes.Span));

        var type = ResultJson.SaysJson(result.ContentType)
            ? await store.LookAtResultAsync(job, body => ResultJson.ContentTypeOf(result.ContentType, body), http.RequestAborted)
            : ResultJson.ContentTypeOf(result.ContentType, default);
        return type is null ? Problems.NoJob(id) : new LargeResult(store, job, (int)result.Length, type);
    }
}
