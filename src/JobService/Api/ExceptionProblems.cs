using JobService.Storage;
using Microsoft.AspNetCore.Diagnostics;

namespace JobService.Api;

/// <summary>What escapes a handler becomes a problem document; only defects are errors in the log.</summary>
internal sealed class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // Nobody is there to read an answer: a client that goes is no fault of ours.
        if (httpContext.RequestAborted.IsCancellationRequested)
            return true;

        await Answer(exception).ExecuteAsync(httpContext);
        return true;
    }

    private ProblemAnswer Answer(Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException bad when bad.StatusCode != StatusCodes.Status400BadRequest:
                return Problems.OfStatus(bad.StatusCode);
            case BadHttpRequestException bad:
                return Problems.Invalid(bad.Message.EndsWith('.') ? bad.Message : bad.Message + ".");
            // Kestrel says so of a chunk that says to be larger than 2 GiB, and calls it no bad request.
            case IOException { InnerException: OverflowException }:
                return Problems.Invalid("The body has a chunk whose size is out of bounds.");
            case StorageUnavailableException trouble:
                log.LogWarning("Not written: {Trouble}", trouble.Message);
                return Problems.StorageUnavailable(trouble.Message);
            default:
                log.LogError(exception, "A request has failed");
                return Problems.Plain(ProblemType.Internal);
        }
    }
}
