using JobService.Api.Http;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>A result too large to be in memory for each client that reads it: from the store to the connection in pieces, each when the one before has been taken.</summary>
internal sealed class LargeResult(IJobStore store, JobId job, int length, string contentType) : IResult
{
    /// <summary>What a client that does not read holds; smaller pieces cost the store more steps (<see cref="IJobStore.CopyResultAsync"/>).</summary>
    private const int PieceBytes = 128 * 1024;

    /// <summary>So few readers may hold more each: with small pieces one fast reader waits for twice as long.</summary>
    private const int FewReaders = 16;
    private const int FewReadersPieceBytes = 1024 * 1024;

    private static int readers;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = contentType;
        response.ContentLength = length;
        if (HeadAsGet.IsHead(httpContext))
            return;

        Interlocked.Increment(ref readers);
        try
        {
            for (var sent = 0; sent < length;)
            {
                var piece = Math.Min(Volatile.Read(ref readers) <= FewReaders ? FewReadersPieceBytes : PieceBytes, length - sent);
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
        finally
        {
            Interlocked.Decrement(ref readers);
        }
    }
}
