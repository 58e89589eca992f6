using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Lets pages of the configured origins call the API under <c>/v1</c>. With none configured, no response is changed.</summary>
internal static class CrossOrigin
{
    // All headers of our responses; by default a browser exposes few of them to a page of another origin.
    private static readonly string[] exposed = ["Location", "ETag", "Link", "Retry-After", "Preference-Applied", "Idempotency-Replayed", "WWW-Authenticate"];

    public static IServiceCollection AddCrossOrigin(this IServiceCollection services)
    {
        services.AddOptions<CrossOriginOptions>().BindConfiguration(CrossOriginOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CrossOriginOptions>>(new SectionCheck<CrossOriginOptions>(CrossOriginOptions.Section));
        services.AddCors().AddOptions<CorsOptions>().Configure<IOptions<CrossOriginOptions>>((cors, own) => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(own.Value.Origins).AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(exposed).SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        return services;
    }

    /// <remarks>Must run before the API key is checked: a preflight request carries no key.</remarks>
    public static void UseCrossOrigin(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<CrossOriginOptions>>();
        app.UseWhen(http => http.Request.Headers.Origin.Count > 0 && http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) && options.Value.Origins.Length > 0,
            calls => calls.UseCors());
    }
}
