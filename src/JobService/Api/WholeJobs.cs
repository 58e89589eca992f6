using JobService.Api.Http;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Reads large inline results for responses of one job, within the memory budget of responses.</summary>
/// <remarks>A hundred requests of one HTTP/2 connection fit into a few kilobytes; their responses would take as many times a few hundred kilobytes while the client reads none of them.</remarks>
internal sealed class WholeJobs(IJobStore store, ResponseMemory memory)
{
    /// <summary>Results of up to this many bytes are read without the budget, as each response is buffered anyway.</summary>
    public const int SmallBytes = 8 * 1024;

    /// <summary>What a byte of a result takes in JSON at most: <c>\u0001</c>.</summary>
    private const int EscapedBytes = 6;

    /// <summary>The job with its inline result. The memory is released at the end of the response.</summary>
    /// <param name="job">The job, read with a result of at most <see cref="SmallBytes"/>.</param>
    /// <param name="http">The request that asks for it.</param>
    /// <returns>Null when no memory became free in time.</returns>
    /// <exception cref="OperationCanceledException">The client disconnected.</exception>
    public ValueTask<Job?> ReadAsync(Job job, HttpContext http) =>
        job.Result is { Body: null, Length: <= ResultJson.MaxInlineBytes and var length } ? ReadAsync(job, length, http) : ValueTask.FromResult<Job?>(job);

    private async ValueTask<Job?> ReadAsync(Job job, long length, HttpContext http)
    {
        var reserved = memory.Open(http.RequestAborted);
        http.Response.RegisterForDispose(reserved);
        if (!await reserved.GrowToAsync(EscapedBytes * length))
            return null;

        StreamBounds.AskForPace(http);
        return await store.FindAsync(job.Id, ResultJson.MaxInlineBytes) ?? job;
    }
}
