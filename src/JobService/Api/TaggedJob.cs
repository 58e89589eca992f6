using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;

namespace JobService.Api;

/// <summary>A job with its strong entity tag; 304 when the client has the current version.</summary>
internal sealed class TaggedJob(Job job, DateTimeOffset now) : JsonResponse<JobView>(StatusCodes.Status200OK, JobView.Of(job))
{
    private const int MaxRetryAfterSeconds = 60;

    public override Task ExecuteAsync(HttpContext httpContext)
    {
        var body = Bytes(httpContext.Request);
        var tag = EntityTags.Of(body);
        var response = httpContext.Response;
        response.Headers.ETag = tag;
        if (RetryAfter(job, now) is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();
        if (!EntityTags.NoneMatchNames(httpContext.Request.Headers.IfNoneMatch, tag))
            return WriteAsync(response, body);

        response.StatusCode = StatusCodes.Status304NotModified;
        return Task.CompletedTask;
    }

    /// <summary>Whole seconds until asking again is worthwhile; null for a finished job.</summary>
    public static int? RetryAfter(Job job, DateTimeOffset now)
    {
        if (job.State.IsFinished())
            return null;
        return job.Waiting?.Until is { } until ? (int)Math.Clamp(Math.Ceiling((until - now).TotalSeconds), 1, MaxRetryAfterSeconds) : 1;
    }
}
