using System.Diagnostics;
using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Accepts a job and, if the client asks for it, waits for its end.</summary>
/// <remarks>One instance for all requests: resolving its dependencies each time would cost time on every job.</remarks>
internal sealed class JobSubmission(JobIntake intake, IntakeMemory memory, IJobStore store, JobEventHub hub, JobIdSource ids, JobWaits waits, WholeJobs wholeJobs, TimeProvider time)
{
    // 202 accepted · 200 finished while the client waited · 400 invalid · 409 same key in progress · 413 · 415 · 422 can never run · 429 full · 503
    public Task RespondAsync(HttpContext http)
    {
        var (key, keyFault) = IdempotencyHeader.Read(http.Request.Headers[IdempotencyHeader.Name]);
        if (keyFault is not null)
            return Problems.Header(IdempotencyHeader.Name, keyFault).ExecuteAsync(http);
        // A client that sends a key may repeat the request: a proxy that cuts the wait must not cancel the job.
        if (OnDisconnect(http.Request, otherwise: key is null) is not { } cancelOnHangUp)
            return Problems.Parameter(QueryParameter.OnDisconnect.Name, QueryParameter.OnDisconnect.OneOf).ExecuteAsync(http);
        return SubmitAsync(http, key, cancelOnHangUp);
    }

    /// <remarks>It writes the response itself: a result that is returned to the framework costs another state machine for every request.</remarks>
    private async Task SubmitAsync(HttpContext http, string? key, bool cancelOnHangUp)
    {
        var id = ids.Next();
        var asked = Preferences.Wait(http.Request.Headers["Prefer"]);
        // Registered before the job can end, so that an end in between is not missed.
        using var wait = asked is null ? null : hub.WhenEnded(id);
        IResult? response;
        Addition? addition = null;
        // A client that waits for the job's end does not hold the memory of its submission.
        using (var reserved = new BodyMemory(memory.Open(), memory.MaxWait, time, http.RequestAborted))
        {
            (var job, response) = await ReadAsync(http.Request, reserved, id, key);
            if (job is not null)
                addition = await intake.SubmitAsync(job, http.RequestAborted, waits.StopTaking);
        }

        if (addition is not null)
            response = wait is null && addition is Addition.Accepted accepted ? Accepted(accepted.Job, http) : await ResponseOfAsync(addition, wait, asked, cancelOnHangUp, http);
        await response!.ExecuteAsync(http);
    }

    /// <returns>The job, or why it is refused.</returns>
    private async ValueTask<(NewJob? Job, IResult? Refusal)> ReadAsync(HttpRequest request, BodyMemory reserved, JobId id, string? key)
    {
        var body = await JsonBody.ReadAsync<SubmitJob>(request, reserved, fingerprint: key is not null);
        if (body.IsRefused)
            return (null, body.Refusal);
        Violation[] violations = [.. body.Value.Check()];
        if (violations.Length > 0)
            return (null, Problems.Body(violations));
        if (waits.IsDraining)
            return (null, Problems.Draining());
        return (body.Value.ToNewJob(id, store.Now, key is null ? null : new IdempotencyKey(key, body.Fingerprint)), null);
    }

    private Task<IResult> ResponseOfAsync(Addition addition, JobEndWait? wait, int? asked, bool cancelOnHangUp, HttpContext http) => addition.Match(
        accepted: job => wait is null
            ? Task.FromResult<IResult>(Accepted(job, http))
            : EndedAsync(job, wait, TimeSpan.FromSeconds(asked!.Value), cancelOnHangUp, http),
        batchAccepted: batch => throw new UnreachableException($"A job was submitted, and batch {batch.Id} was accepted."),
        replayed: earlier => ReplayedAsync(earlier, asked, http),
        refused: refusal => Task.FromResult<IResult>(SubmissionProblems.Of(refusal, waits.IsDraining)));

    private async Task<IResult> EndedAsync(Job job, JobEndWait wait, TimeSpan asked, bool cancelOnHangUp, HttpContext http)
    {
        var ended = await waits.EndsWithinAsync(wait, Patience(asked, http), http.RequestAborted);
        if (!ended && http.RequestAborted.IsCancellationRequested && cancelOnHangUp && !waits.IsDraining)
            await store.CancelAsync(job.Id, CancelReason.Disconnect);

        return Accepted(await WithResultAsync(await store.FindAsync(job.Id, WholeJobs.SmallBytes) ?? job, http), http);
    }

    /// <summary>The job belongs to an earlier request: hanging up on a replay does not cancel it.</summary>
    private async Task<IResult> ReplayedAsync(JobId earlier, int? asked, HttpContext http)
    {
        http.Response.Headers["Idempotency-Replayed"] = "true";
        var known = asked is { } seconds
            ? await waits.HasEndedWithinAsync(earlier, Patience(TimeSpan.FromSeconds(seconds), http), http.RequestAborted)
            : await store.FindAsync(earlier, WholeJobs.SmallBytes);
        if (known is null)
            return Problems.IdempotencyInProgress();
        known = await WithResultAsync(known, http);
        return asked is null ? Response(StatusCodes.Status202Accepted, known, http) : Accepted(known, http);
    }

    /// <summary>Without memory for its result the job is shown like one whose result is too large to be inline: it is stored, and a refusal would say that it is not.</summary>
    private async ValueTask<Job> WithResultAsync(Job found, HttpContext http) => await wholeJobs.ReadAsync(found, http) ?? found;

    private TimeSpan Patience(TimeSpan asked, HttpContext http)
    {
        var patience = waits.AtMost(asked);
        http.Response.Headers["Preference-Applied"] = $"wait={patience.TotalSeconds}";
        return patience;
    }

    private static JsonResponse<JobView> Accepted(Job job, HttpContext http) =>
        Response(job.State.IsFinished() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, job, http);

    private static JsonResponse<JobView> Response(int status, Job job, HttpContext http)
    {
        var view = JobView.Of(job);
        http.Response.Headers.Location = http.Request.Reached(view.Links.Self);
        return new JsonResponse<JobView>(status, view);
    }

    /// <returns>True for cancel; null when it is neither.</returns>
    private static bool? OnDisconnect(HttpRequest request, bool otherwise) => !request.QueryString.HasValue || !request.Query.TryGetValue(QueryParameter.OnDisconnect.Name, out var word)
        ? otherwise
        : QueryParameter.OnDisconnect.Read(word.ToString()) switch
        {
            "cancel" => true,
            "continue" => false,
            _ => null,
        };
}
