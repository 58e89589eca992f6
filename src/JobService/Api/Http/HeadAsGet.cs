using Microsoft.Net.Http.Headers;

namespace JobService.Api.Http;

/// <summary>Handles HEAD as GET; Kestrel still knows the original method and sends only the headers.</summary>
internal static class HeadAsGet
{
    public static Task Pass(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsHead(http.Request.Method))
            return next(http);

        http.Request.Method = HttpMethods.Get;
        http.Items[typeof(HeadAsGet)] = true;
        return next(http);
    }

    /// <summary>Routing does not know that HEAD works wherever GET does.</summary>
    public static void Allow(HttpResponse refusal)
    {
        var methods = refusal.Headers.GetCommaSeparatedValues(HeaderNames.Allow);
        if (methods.Contains(HttpMethods.Get, StringComparer.OrdinalIgnoreCase) && !methods.Contains(HttpMethods.Head, StringComparer.OrdinalIgnoreCase))
            refusal.Headers.Allow = string.Join(", ", methods.Append(HttpMethods.Head));
    }

    /// <summary>Only the headers are sent, so an endless response must not be started.</summary>
    public static bool IsHead(HttpContext http) => http.Items.ContainsKey(typeof(HeadAsGet));
}
