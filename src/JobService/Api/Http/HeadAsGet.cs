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

    /// <summary>Only the headers are sent, so an endless response must not be started.</summary>
    public static bool IsHead(HttpContext http) => http.Items.ContainsKey(typeof(HeadAsGet));
}
