using JobService.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;

namespace JobService.Api;

/// <summary>Turns exceptions that escape a handler into problem documents; only defects are logged as errors.</summary>
internal sealed class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // Nobody is there to read a response: a client that disconnects is not an error. A reset may be noticed here first.
        if (httpContext.RequestAborted.IsCancellationRequested || exception is ConnectionResetException)
            return true;

        await Response(exception).ExecuteAsync(httpContext);
        return true;
    }

    private ProblemResponse Response(Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException bad when bad.StatusCode != StatusCodes.Status400BadRequest:
                return Problems.OfStatus(bad.StatusCode);
            case BadHttpRequestException bad:
                return Problems.Invalid(bad.Message.EndsWith('.') ? bad.Message : bad.Message + ".");
            // Kestrel throws this for a chunk that claims to be larger than 2 GiB, and does not treat it as a bad request.
            case IOException { InnerException: OverflowException }:
                return Problems.Invalid("The body has a chunk whose size is out of range.");
            case StorageUnavailableException trouble:
                log.LogWarning("The request was refused because the storage cannot be written: {Trouble}", trouble.Message);
                return Problems.StorageUnavailable(trouble.Message);
            default:
                log.LogError(exception, "A request has failed");
                return Problems.Plain(ProblemType.Internal);
        }
    }
}
