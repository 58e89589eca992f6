using System.Text.Json.Nodes;
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
        options.AddOperationTransformer(Describe);
        options.AddSchemaTransformer(Schemas.Correct);
    });

    public static void MapApiDocument(this WebApplication app)
    {
        app.MapGet("/openapi/v1.json", app.Services.GetRequiredService<BuiltDocument>().Get).ExcludeFromDescription();
        app.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint("../openapi/v1.json", "JobService v1");
            ui.DocumentTitle = "JobService";
            ui.EnableTryItOutByDefault();
            ui.DisplayRequestDuration();
            ui.EnablePersistAuthorization();
        });
        app.MapGet("/", (HttpRequest request) => Results.Redirect(request.Reached("/swagger"))).ExcludeFromDescription();
    }

    private static Task Introduce(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "JobService",
            Version = typeof(OpenApiSetup).Assembly.GetName().Version!.ToString(3),
            Description = Descriptions.Service,
            License = new OpenApiLicense { Name = "MIT" },
        };
        // Where the document came from: no host name of the build in the committed file.
        document.Servers = [new OpenApiServer { Url = "/" }];
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
        // Either nothing or the key: the service without a key asks for none.
        document.Security = [[], new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<TakesQuery>().SelectMany(takes => takes.Parameters))
            operation.Parameters.Add(Of(parameter));
        foreach (var header in metadata.OfType<TakesHeadersMetadata>().SelectMany(takes => takes.Headers))
            operation.Parameters.Add(Of(header));
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>().Where(parameter => parameter.In == ParameterLocation.Path))
            parameter.Description = parameter.Name is "id" or "delivery" ? "Its id, a UUID." : "Its name: 1 to 64 characters out of A-Z a-z 0-9 . _ -";
        if (operation.Parameters.Count == 0)
            operation.Parameters = null;

        if (operation.RequestBody?.Content is { } contents && contents.TryGetValue("application/json", out var body))
        {
            if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example)
                body.Example = JsonNode.Parse(example.Json);
            if (metadata.OfType<BodyExamples>().FirstOrDefault() is { } examples)
                body.Examples = examples.All.ToDictionary(one => one.Name, IOpenApiExample (one) => new OpenApiExample { Summary = one.Summary, Value = JsonNode.Parse(one.Json) });
        }

        if (operation.RequestBody?.Content is { } bodies && bodies.TryGetValue(MediaTypes.Ndjson, out var lines))
            (lines.Example, lines.Schema) = (Examples.Lines, new OpenApiSchema { Type = JsonSchemaType.String, Description = "A job a line, each as in `POST /v1/jobs`." });

        foreach (var answer in metadata.OfType<ProducesResponseTypeMetadata>())
        {
            if (operation.Responses?.GetValueOrDefault(answer.StatusCode.ToString()) is { } response)
                response.Description = answer.Description;
        }

        return Task.CompletedTask;
    }

    private static OpenApiParameter Of(QueryParameter parameter) => new()
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = parameter.Description,
        Schema = new OpenApiSchema
        {
            Type = parameter.Type switch
            {
                "number" => JsonSchemaType.Number,
                "integer" => JsonSchemaType.Integer,
                _ => JsonSchemaType.String,
            },
            Enum = parameter.Values.Length == 0 ? null : [.. parameter.Values.Select(value => (JsonNode)value)],
        },
    };

    private static OpenApiParameter Of(RequestHeader header) => new()
    {
        Name = header.Name,
        In = ParameterLocation.Header,
        Description = $"{header.Description} Example: `{header.Example}`",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
