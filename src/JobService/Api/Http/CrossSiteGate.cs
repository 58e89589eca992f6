using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Lets no page of another site change anything: a browser sends its requests also to an address that only this machine can reach.</summary>
/// <remarks>
/// What the browser says decides: <c>Sec-Fetch-Site</c> (https://www.w3.org/TR/fetch-metadata/), or <c>Origin</c> against <c>Host</c> where it does not say that. Who is
/// no browser says neither, and passes. The rules are those of Go's <c>http.CrossOriginProtection</c>.
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
