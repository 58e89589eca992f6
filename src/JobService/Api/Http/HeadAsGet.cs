namespace JobService.Api.Http;

/// <summary>HEAD goes the way of GET; Kestrel, which knows what came, sends the headers only.</summary>
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

    /// <summary>Only the headers go out: an answer without end would be silence without end.</summary>
    public static bool IsHead(HttpContext http) => http.Items.ContainsKey(typeof(HeadAsGet));
}
