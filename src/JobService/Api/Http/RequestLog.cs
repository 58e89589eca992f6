namespace JobService.Api.Http;

/// <summary>Logs requests that were refused, failed or slow; the thousands that succeed each second are counted in metrics instead. An error status without a body first gets its problem document.</summary>
/// <remarks>Both in one middleware: each one that awaits the response allocates a state machine for every request.</remarks>
internal sealed class RequestLog(TimeProvider time, ILogger<RequestLog> log)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    public async Task Pass(HttpContext http, RequestDelegate next)
    {
        var start = time.GetTimestamp();
        await next(http);

        var status = http.Response.StatusCode;
        if (status >= 400 && IsBare(http.Response) && !http.RequestAborted.IsCancellationRequested)
            await BareAsync(http, status);
        // "Full" may happen thousands of times, and clients retry by themselves.
        var refused = status >= 400 && status != StatusCodes.Status429TooManyRequests;
        if (!refused && (time.GetElapsedTime(start) < Slow || Waits(http.Request) || IsStream(http)))
            return;

        // Escaped, so that a client cannot put line breaks or terminal sequences into the log; without the query, which may name customers.
        log.LogInformation("{Method} {Path} responded {Status} in {Milliseconds:0} ms (to {Client:l})",
            http.Request.Method, http.Request.Path.ToUriComponent(), status, time.GetElapsedTime(start).TotalMilliseconds, ClientAddress.Of(http));
    }

    private static Task BareAsync(HttpContext http, int status)
    {
        if (status == StatusCodes.Status405MethodNotAllowed)
            HeadAsGet.Allow(http.Response);
        return Problems.OfStatus(status, http.Request).ExecuteAsync(http);
    }

    private static bool IsBare(HttpResponse response) => response is { HasStarted: false, ContentLength: null } && string.IsNullOrEmpty(response.ContentType);

    private static bool IsStream(HttpContext http) =>
        http.Response.ContentType is MediaTypes.Ndjson or MediaTypes.EventStream || MediaTypes.Is(http.Request, MediaTypes.Ndjson);

    private static bool Waits(HttpRequest request) => request.Headers.ContainsKey("Prefer") || request.Query.ContainsKey("wait");
}
