using System.Text.Json;
using System.Text.Json.Nodes;
using JobService.Api.Contracts;
using JobService.Api.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Writes the documentation of the routes into the operations of the document.</summary>
internal static class Operations
{
    // The framework accepts no wildcard as the content type of an endpoint.
    private const string Any = "*/*";

    private static readonly string[] streams = [MediaTypes.Ndjson, MediaTypes.EventStream, Any];

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        DescribeParameters(operation, metadata);
        DescribeBody(operation.RequestBody?.Content, metadata);
        foreach (var (status, response) in operation.Responses ?? [])
            DescribeResponse(int.Parse(status), (OpenApiResponse)response, metadata);
        return Task.CompletedTask;
    }

    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata)
    {
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>().Where(parameter => parameter.In == ParameterLocation.Path))
            DescribePath(parameter);
        foreach (var parameter in metadata.OfType<TakesQuery>().SelectMany(takes => takes.Parameters))
            operation.Parameters.Add(Of(parameter));
        foreach (var header in metadata.OfType<TakesHeadersMetadata>().SelectMany(takes => takes.Headers))
            operation.Parameters.Add(Of(header));
        if (operation.Parameters.Count == 0)
            operation.Parameters = null;
    }

    private static void DescribePath(OpenApiParameter parameter)
    {
        var isId = parameter.Name is "id" or "delivery";
        parameter.Description = isId ? "Its id, a UUID." : "Its name: 1 to 64 characters out of A-Z a-z 0-9 . _ -";
        parameter.Schema = isId
            ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }
            : new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 64, Pattern = "^[A-Za-z0-9._-]+$" };
        parameter.Example = isId ? null : "default";
    }

    private static void DescribeBody(IDictionary<string, OpenApiMediaType>? contents, IList<object> metadata)
    {
        if (contents?.TryGetValue(MediaTypes.Json, out var body) == true)
        {
            if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example)
                body.Example = JsonNode.Parse(example.Json);
            if (metadata.OfType<BodyExamples>().FirstOrDefault() is { } examples)
                body.Examples = examples.All.ToDictionary(one => one.Name, IOpenApiExample (one) => new OpenApiExample { Summary = one.Summary, Value = JsonNode.Parse(one.Json) });
        }

        if (contents?.TryGetValue(MediaTypes.Ndjson, out var lines) == true)
            (lines.Example, lines.Schema) = (Examples.Lines, Bytes("One job per line, each as in `POST /v1/jobs`."));
    }

    private static void DescribeResponse(int status, OpenApiResponse response, IList<object> metadata)
    {
        var said = metadata.OfType<ProducesResponseTypeMetadata>().FirstOrDefault(one => one.StatusCode == status);
        response.Description = said?.Description ?? response.Description;
        if (said?.Type == typeof(byte[]))
            response.Content = new Dictionary<string, OpenApiMediaType> { [Any] = new() };
        foreach (var (type, body) in response.Content ?? new Dictionary<string, OpenApiMediaType>())
        {
            if (streams.Contains(type))
                body.Schema = Bytes(null);
            else if (said?.Type is { } contract && Examples.OfResponses.TryGetValue(contract, out var example))
                body.Example = JsonNode.Parse(example);
        }

        IEnumerable<ResponseHeader> headers = status < 400 ? metadata.OfType<SendsHeaders>().SelectMany(sends => sends.Headers) : [];
        if (metadata.OfType<RefusalsMetadata>().FirstOrDefault(refusal => refusal.Status == status) is { } refusals)
        {
            if (response.Content?.TryGetValue(Problems.ContentType, out var problem) == true)
                problem.Examples = refusals.Types.ToDictionary(type => type.Name, ExampleOf);
            headers = HeadersOf(refusals);
        }

        if (headers.Any())
            response.Headers = headers.ToDictionary(header => header.Name, Of);
    }

    private static IOpenApiExample ExampleOf(ProblemType type) => new OpenApiExample
    {
        Summary = type.Title,
        Value = JsonSerializer.SerializeToNode(new ProblemView { Type = $"/problems/{type.Name}", Title = type.Title, Status = type.Status!.Value, Detail = type.Meaning }, ApiJson.Of<ProblemView>()),
    };

    private static IEnumerable<ResponseHeader> HeadersOf(RefusalsMetadata refusals)
    {
        if (refusals.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable || refusals.Types.Contains(ProblemType.InProgress))
            yield return ResponseHeader.RetryAfter;
        if (refusals.Status == StatusCodes.Status401Unauthorized)
            yield return ResponseHeader.Challenge;
    }

    private static OpenApiSchema Bytes(string? description) => new() { Type = JsonSchemaType.String, Format = "binary", Description = description };

    private static IOpenApiHeader Of(ResponseHeader header) => new OpenApiHeader
    {
        Description = header.Description,
        Schema = new OpenApiSchema { Type = header.IsNumber ? JsonSchemaType.Integer : JsonSchemaType.String },
        Example = header.IsNumber ? JsonValue.Create(int.Parse(header.Example)) : header.Example,
    };

    private static OpenApiParameter Of(QueryParameter parameter)
    {
        var schema = new OpenApiSchema
        {
            Type = parameter.Type switch
            {
                "number" => JsonSchemaType.Number,
                "integer" => JsonSchemaType.Integer,
                _ => JsonSchemaType.String,
            },
        };
        schema.Format = parameter.Format ?? schema.Type switch
        {
            JsonSchemaType.Number => "double",
            JsonSchemaType.Integer => "int32",
            _ => null,
        };
        // Swagger UI sends defaults, including those of options that do not apply to the body at hand.
        Bounds.Apply(schema, parameter.Description, hasDefault: parameter.Enumeration is null && !parameter.Description.StartsWith("With ", StringComparison.Ordinal));
        if (parameter.Enumeration is { } name)
            (schema.Title, schema.Enum) = (name, [.. parameter.Values.Select(value => (JsonNode)value)]);
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description,
            Schema = schema,
        };
    }

    private static OpenApiParameter Of(RequestHeader header) => new()
    {
        Name = header.Name,
        In = ParameterLocation.Header,
        Description = $"{header.Description} Example: `{header.Example}`",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
