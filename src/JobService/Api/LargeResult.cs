using JobService.Api.Http;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>A result too large to be in memory for each client that reads it: from the store to the connection in pieces, each when the one before has been taken.</summary>
internal sealed class LargeResult(IJobStore store, JobId job, int length, string contentType) : IResult
{
    /// <summary>What a client that does not read holds; smaller pieces cost the store more steps (<see cref="IJobStore.CopyResultAsync"/>).</summary>
    private const int PieceBytes = 128 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = contentType;
        response.ContentLength = length;
        if (HeadAsGet.IsHead(httpContext))
            return;

        for (var sent = 0; sent < length;)
        {
            var piece = Math.Min(PieceBytes, length - sent);
            if (!await store.CopyResultAsync(job, sent, piece, response.BodyWriter, httpContext.RequestAborted))
            {
                httpContext.Abort(); // pruned meanwhile: less than was announced
                return;
            }

            sent += piece;
            var flushed = await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
            if (flushed.IsCompleted || flushed.IsCanceled)
                return; // the client has gone
        }
    }
}
