using JobService.Upstream;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace JobService.Api.Http;

/// <summary>The limits for the size of a request.</summary>
/// <remarks>Kestrel rejects what exceeds its own limits before any of our code runs, without a body, or
/// cuts the connection while the client is still sending. So its limits are wider, and ours, which respond with a problem document, are within them.</remarks>
internal static class ServerBounds
{
    private const int MaxAddressBytes = 8 * 1024;
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxHeaderCount = 64;

    /// <summary>How much wider the server's own limits are. Each of thousands of connections may hold this much of an incomplete request.</summary>
    private const int Wider = 2;

    /// <summary>How much more of header fields the server accepts: it decodes them into strings, twice as large, on each of thousands of connections.</summary>
    private const int BeyondHeaderBytes = 4 * 1024;

    /// <summary>Bytes buffered of a request that is not being read, such as an upload that waits for capacity: no more than a request head may have.</summary>
    private const int UnreadBytes = Wider * MaxHeaderBytes;

    /// <summary>The minimum that HTTP/2 allows, in whole KiB.</summary>
    private const int Http2WindowBytes = 64 * 1024;

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = Descriptors.Inbound;
        kestrel.Limits.MaxRequestBodySize = 8 * JsonBody.MaxBytes;
        kestrel.Limits.MaxRequestLineSize = Wider * MaxAddressBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes + BeyondHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = 8 * MaxHeaderCount;
        kestrel.Limits.MaxRequestBufferSize = UnreadBytes;
        // Over HTTP/2 each stream may be such a request, and all streams of a connection share its window.
        kestrel.Limits.Http2.InitialStreamWindowSize = Http2WindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * Http2WindowBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        Overload? guard = null;
        kestrel.RequestHeaderEncodingSelector = _ =>
        {
            (guard ??= kestrel.ApplicationServices.GetRequiredService<Overload>()).BeforeField();
            return null; // the default of the server
        };
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Use(endpoint.ApplicationServices.GetRequiredService<LastConnections>().Pass);
            endpoint.Use(endpoint.ApplicationServices.GetRequiredService<Overload>().Pass);
        });
    }

    /// <summary>The socket has its own buffer in front of the server's.</summary>
    public static void Apply(SocketTransportOptions sockets) => sockets.MaxReadBufferSize = UnreadBytes;

    public static Task Pass(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        if (request.Path.Value!.Length + request.QueryString.Value!.Length > MaxAddressBytes)
            return Problems.OfStatus(StatusCodes.Status414UriTooLong).ExecuteAsync(http);

        var bytes = 0;
        var hasEmpty = false;
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                bytes += name.Length + (value?.Length ?? 0);
                hasEmpty |= string.IsNullOrEmpty(value);
            }
        }

        if (hasEmpty)
            EmptyHeaders.LeaveOut(request.Headers);
        return bytes > MaxHeaderBytes || request.Headers.Count > MaxHeaderCount
            ? Problems.OfStatus(StatusCodes.Status431RequestHeaderFieldsTooLarge).ExecuteAsync(http)
            : next(http);
    }
}
