using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Refuses changes by pages of other sites: a browser also sends their requests to addresses that only this machine can reach.</summary>
/// <remarks>
/// The headers that the browser sets decide: <c>Sec-Fetch-Site</c> (https://www.w3.org/TR/fetch-metadata/), or <c>Origin</c> against <c>Host</c> if that is missing. A client that is
/// not a browser sends neither and passes. The rules are those of Go's <c>http.CrossOriginProtection</c>.
/// </remarks>
internal sealed class CrossSiteGate(IOptions<CrossOriginOptions> options)
{
    public Task Pass(HttpContext http, RequestDelegate next) =>
        ChangesNothing(http.Request.Method) || IsOwn(http.Request) || options.Value.Origins.Contains(http.Request.Headers.Origin.ToString())
            ? next(http)
            : Problems.CrossSite().ExecuteAsync(http);

    /// <summary>The verbs that RFC 9110, section 9.2.1, calls safe.</summary>
    public static bool ChangesNothing(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);

    private static bool IsOwn(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() switch
    {
        "" => request.Headers.Origin.ToString() is var origin
            && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == request.Host.Value)),
        "same-origin" or "none" => true,
        _ => false,
    };
}
