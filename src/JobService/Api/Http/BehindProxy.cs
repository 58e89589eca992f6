using JobService.Jobs;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>The service as its clients see it: their address, and the scheme, host and path under which they reach it.</summary>
internal static class BehindProxy
{
    public static IServiceCollection AddBehindProxy(this IServiceCollection services)
    {
        services.AddOptions<ProxyOptions>().BindConfiguration(ProxyOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProxyOptions>>(new SectionCheck<ProxyOptions>(ProxyOptions.Section));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ProxyOptions>>((forwarded, own) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.All;
            // Each hop must be trusted explicitly, so their number needs no bound. Loopback is not trusted by default either, because requests of a browser come from there, too.
            forwarded.ForwardLimit = null;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in own.Value.Trusted.Select(one => NetworkText.Read(one).Network).OfType<System.Net.IPNetwork>())
                forwarded.KnownIPNetworks.Add(network);
        });
        return services;
    }

    /// <remarks>Must run before anything that reads an address, a host or a path.</remarks>
    public static void UseBehindProxy(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<ProxyOptions>>();
        if (options.Value.Trusted.Length > 0)
            app.UseForwardedHeaders();
        if (options.Value.Trusted.Length > 0 || options.Value.PathBase.Length > 0)
            app.Use((HttpContext http, RequestDelegate next) => MoveAsync(http, next, options.Value.PathBase));
    }

    /// <summary>The path of a resource as the client reaches it.</summary>
    public static string Reached(this HttpRequest request, string path) => request.PathBase.ToUriComponent() + path;

    private static Task MoveAsync(HttpContext http, RequestDelegate next, string configured)
    {
        // A forwarded header may have been forged by the client.
        var request = http.Request;
        var forwarded = request.PathBase.Value is { Length: > 0 } prefix && ProxyOptions.IsPathBase(prefix.TrimEnd('/')) ? prefix.TrimEnd('/') : null;
        request.PathBase = forwarded ?? configured;
        // Works for a proxy that strips the base path and for one that keeps it.
        if (request.PathBase.HasValue && request.Path.StartsWithSegments(request.PathBase, StringComparison.Ordinal, out var rest))
            request.Path = rest;
        return next(http);
    }
}
