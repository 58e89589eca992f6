using JobService.Api.Documentation;
using JobService.Api.Http;

namespace JobService.Api;

/// <summary>Registers and configures the HTTP side.</summary>
internal static class ApiSetup
{
    public static IServiceCollection AddApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WaitOptions>().BindConfiguration(WaitOptions.Section).ValidateOnStart();
        services.AddSingleton<Microsoft.Extensions.Options.IValidateOptions<WaitOptions>>(new SectionCheck<WaitOptions>(WaitOptions.Section));
        services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section).ValidateOnStart();
        services.AddSingleton<Microsoft.Extensions.Options.IValidateOptions<ApiOptions>>(new SectionCheck<ApiOptions>(ApiOptions.Section));
        services.AddOptions<ConfiguredCatalog>().Configure(catalog => catalog.Read(configuration)).ValidateOnStart();
        services.AddSingleton<Microsoft.Extensions.Options.IValidateOptions<ConfiguredCatalog>, ConfiguredCatalogCheck>();
        services.AddHostedService<CatalogDeclaration>();
        services.AddBehindProxy();
        services.AddCrossOrigin();
        services.AddSingleton<JobWaits>();
        services.AddSingleton<JobSubmission>();
        services.AddSingleton<UploadParts>();
        services.AddSingleton<ResponseMemory>();
        services.AddSingleton<WholeJobs>();
        services.AddSingleton<ResultStream>();
        services.AddSingleton<ChangeLog>();
        services.AddSingleton<ApiKeyGate>();
        services.AddSingleton<HostGate>();
        services.AddSingleton<CrossSiteGate>();
        services.AddSingleton<RequestLog>();
        services.AddSingleton<LastConnections>();
        services.AddSingleton<Overload>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionProblems>();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        return services.AddApiDocument();
    }

    /// <summary>The order matters: from the middleware that sees every request to what runs only for a known address and an authenticated client.</summary>
    public static void UseApi(this WebApplication app)
    {
        // Before the request log: it may refuse thousands of requests.
        app.Use(app.Services.GetRequiredService<Overload>().Pass);
        app.Use(app.Services.GetRequiredService<RequestLog>().Pass);
        app.UseExceptionHandler();
        app.Use(ServerBounds.Pass);
        // It checks the request as it arrived, not what X-Forwarded headers claim.
        app.Use(app.Services.GetRequiredService<HostGate>().Pass);
        app.UseBehindProxy();
        app.UseWhen(IsPage, pages => pages.UseSecurityHeaders(PageHeaders()));
        app.Use(HeadAsGet.Pass);
        app.UseCrossOrigin();
        app.Use(app.Services.GetRequiredService<CrossSiteGate>().Pass);
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<ApiKeyGate>().Pass);
        app.Use(StandbyGate.Pass);
        app.Use(QueryGate.Pass);

        var v1 = app.MapGroup("/v1");
        v1.MapJobs();
        v1.MapBatches();
        v1.MapMap();
        v1.MapDeliveries();
        v1.MapQueues();
        v1.MapLimits();
        v1.MapSignals();
        v1.MapEvents();
        app.MapHealth();
        app.MapProblems();
        app.MapApiDocument();
    }

    // Responses under /v1 are JSON with nosniff; a content security policy would add nothing there and cost time on every job.
    private static bool IsPage(HttpContext http) => !http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase);

    private static HeaderPolicyCollection PageHeaders() => new HeaderPolicyCollection()
        .AddFrameOptionsDeny()
        .AddContentTypeOptionsNoSniff()
        .AddReferrerPolicyNoReferrer()
        .AddContentSecurityPolicy(policy =>
        {
            policy.AddDefaultSrc().Self();
            policy.AddScriptSrc().Self();
            // Swagger UI uses inline styles and data: URIs for its icons.
            policy.AddStyleSrc().Self().UnsafeInline();
            policy.AddImgSrc().Self().Data();
            policy.AddFrameAncestors().None();
            policy.AddFormAction().None();
            policy.AddObjectSrc().None();
        });
}
