using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Lets pages of the configured origins call what is under <c>/v1</c>. Without any, nothing is added to any answer.</summary>
internal static class CrossOrigin
{
    // All that an answer tells in its headers; a browser shows a page of another origin hardly any of them.
    private static readonly string[] exposed = ["Location", "ETag", "Link", "Retry-After", "Preference-Applied", "Idempotency-Replayed", "WWW-Authenticate"];

    public static IServiceCollection AddCrossOrigin(this IServiceCollection services)
    {
        services.AddOptions<CrossOriginOptions>().BindConfiguration(CrossOriginOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CrossOriginOptions>>(new SectionCheck<CrossOriginOptions>(CrossOriginOptions.Section));
        services.AddCors().AddOptions<CorsOptions>().Configure<IOptions<CrossOriginOptions>>((cors, own) => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(own.Value.Origins).AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(exposed).SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        return services;
    }

    /// <remarks>Before the API key is asked for: a browser asks beforehand whether it may send one, and sends none with that question.</remarks>
    public static void UseCrossOrigin(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<CrossOriginOptions>>();
        app.UseWhen(http => http.Request.Headers.Origin.Count > 0 && http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) && options.Value.Origins.Length > 0,
            calls => calls.UseCors());
    }
}
