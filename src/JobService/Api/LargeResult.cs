using JobService.Api.Http;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>A result too large to hold in memory for each client: copied from the store to the connection in chunks, each after the previous one has been sent.</summary>
internal sealed class LargeResult(IJobStore store, JobId job, int length, string contentType) : IResult
{
    /// <summary>Bytes held for a client that does not read; smaller chunks cost the store more reads (<see cref="IJobStore.CopyResultAsync"/>).</summary>
    private const int PieceBytes = 128 * 1024;

    /// <summary>This many readers may use large chunks: with small ones a fast reader takes twice as long.</summary>
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
                    httpContext.Abort(); // pruned meanwhile: fewer bytes than Content-Length announced
                    return;
                }

                sent += piece;
                var flushed = await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    return; // the client disconnected
            }
        }
        finally
        {
            Interlocked.Decrement(ref readers);
        }
    }
}
