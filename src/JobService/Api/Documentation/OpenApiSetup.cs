using JobService.Api.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>The OpenAPI 3.1 document at <c>/openapi/v1.json</c> and Swagger UI on it at <c>/swagger</c>.</summary>
internal static class OpenApiSetup
{
    public const string Name = "v1";

    private const string Bearer = "bearer";

    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddSingleton<BuiltDocument>().AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer(Introduce);
        options.AddDocumentTransformer(ClientShape.Apply);
        options.AddOperationTransformer(Operations.Describe);
        options.AddSchemaTransformer(Schemas.Correct);
    });

    public static void MapApiDocument(this WebApplication app)
    {
        app.MapGet("/openapi/v1.json", app.Services.GetRequiredService<BuiltDocument>().Get).ExcludeFromDescription();
        app.MapGet("/swagger/jobservice.js", () => Results.Stream(typeof(OpenApiSetup).Assembly.GetManifestResourceStream(typeof(OpenApiSetup), "swagger.js")!, "text/javascript;charset=utf-8")).ExcludeFromDescription();
        // As an endpoint, because its middleware would run for every request.
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/swagger", StringComparison.OrdinalIgnoreCase), pages => pages.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint("../openapi/v1.json", "JobService v1");
            ui.DocumentTitle = "JobService";
            ui.EnableTryItOutByDefault();
            ui.DisplayRequestDuration();
            ui.EnablePersistAuthorization();
            ui.EnableDeepLinking();
            ui.InjectJavascript("jobservice.js");
        }));
        app.MapGet("/", (HttpRequest request) => Results.Redirect(request.Reached("/swagger"))).ExcludeFromDescription();
    }

    private static Task Introduce(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "JobService",
            Version = typeof(OpenApiSetup).Assembly.GetName().Version!.ToString(3),
            Description = Descriptions.Service,
            License = new OpenApiLicense { Name = "MIT", Url = new Uri("https://opensource.org/license/mit") },
        };
        // Removes the server address: the committed file must not name the host of the build.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = new HashSet<OpenApiTag>(Descriptions.Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "Needed when the operator configured `JobService:ApiKey`.",
            },
        };
        // Either nothing or the key: a service without an API key requires none.
        document.Security = [[], new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        return Task.CompletedTask;
    }
}
