using JobService.Api.Contracts;
using JobService.Jobs;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Gives the document a shape from which client generators produce usable types; <c>scripts/check-clients.sh</c> tries four of them.</summary>
/// <remarks>
/// Any JSON is inline as <c>{}</c>: as a named schema, or in a <c>oneOf</c> with null, it becomes a class without members, and arrays are lost. Fields that a response may leave out are optional
/// and never null, matching what is written; those of a request are nullable, so that an unset number is not sent as 0.
/// </remarks>
internal static class ClientShape
{
    private const string SecretName = "SecretName";

    private static readonly string[] anyJson = [nameof(System.Text.Json.JsonElement), nameof(RawJson)];

    public static Task Apply(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        var schemas = document.Components!.Schemas!;
        NameEnumerations(document);
        FlatKinds.Apply(schemas);
        // Kept as the bytes that arrived; for clients they are fields of a job.
        if (schemas[nameof(SubmitBatch)].Properties is { } batch)
            batch["defaults"] = new OpenApiSchemaReference(nameof(SubmitJob), document) { Description = batch["defaults"].Description };
        var walk = new DocumentWalk(document);
        var requests = walk.OfRequests();
        foreach (var (name, schema) in schemas)
        {
            if (schema is OpenApiSchema own)
                Complete(own, isSent: requests.Contains(name), hasDefaults: requests.Contains(name) && name != nameof(SubmitJob));
        }

        schemas[SecretName] = schemas[nameof(HeaderValue)];
        foreach (var name in anyJson.Append(nameof(HeaderValue)))
            schemas.Remove(name);
        return Task.CompletedTask;
    }

    private static void NameEnumerations(OpenApiDocument document)
    {
        foreach (var parameter in document.Paths.Values.SelectMany(path => path.Operations ?? []).SelectMany(operation => operation.Value.Parameters ?? []).OfType<OpenApiParameter>())
        {
            if (parameter.Schema is not OpenApiSchema { Enum: not null, Title: { } name } schema)
                continue;
            schema.Title = null;
            document.Components!.Schemas!.TryAdd(name, schema);
            parameter.Schema = new OpenApiSchemaReference(name, document);
        }
    }

    private static void Complete(OpenApiSchema schema, bool isSent, bool hasDefaults)
    {
        foreach (var (name, property) in schema.Properties?.ToArray() ?? [])
        {
            var shape = Plain(property);
            // Fields that the contract checks itself, with its own message.
            if ((shape.Description ?? Said(shape)?.Description)?.EndsWith("Required.", StringComparison.Ordinal) == true)
                (schema.Required ??= new HashSet<string>()).Add(name);
            // A field that is required and may be null is written as null.
            if (schema.Required?.Contains(name) == true)
                shape = isSent ? NeverNull(shape) : shape;
            else
                shape = isSent ? Nullable(shape) : NeverNull(shape);
            if (shape is OpenApiSchema own)
                Bounds.Apply(own, own.Description, hasDefaults && !FlatKinds.IsOfOne(own));
            schema.Properties![name] = shape;
        }
    }

    /// <summary>Inlines any JSON wherever it occurs.</summary>
    private static IOpenApiSchema Plain(IOpenApiSchema schema)
    {
        if (IsAnyJson(schema))
            return new OpenApiSchema { Description = schema.Description };
        if (schema.OneOf?.FirstOrDefault(IsAnyJson) is { } any)
            return new OpenApiSchema { Description = any.Description ?? schema.Description };
        if (IsTextOrSecret(schema) || schema.OneOf?.Any(IsTextOrSecret) == true)
            return TextOrSecret(schema.Description ?? Said(schema)?.Description);
        if (schema is OpenApiSchema { Items: { } items } list)
            list.Items = Plain(items);
        if (schema is OpenApiSchema { AdditionalProperties: { } values } map)
            map.AdditionalProperties = IsSecret(values) ? new OpenApiSchema { Description = $"A text, or `{{\"{Schemas.ByName}\": \"Name\"}}`." } : Plain(values);
        return schema;
    }

    private static bool IsAnyJson(IOpenApiSchema schema) => schema is OpenApiSchemaReference { Reference.Id: { } name } && anyJson.Contains(name);

    // Any JSON: where such values are read back, some generators turn "a string or an object" into a string.
    private static bool IsSecret(IOpenApiSchema schema) => schema.Properties?.ContainsKey(Schemas.ByName) == true;

    private static bool IsTextOrSecret(IOpenApiSchema schema) => schema is OpenApiSchemaReference { Reference.Id: nameof(HeaderValue) };

    /// <summary>Inline, because a named schema becomes a class that cannot be a string.</summary>
    private static OpenApiSchema TextOrSecret(string? description) => new()
    {
        Description = description,
        OneOf = [new OpenApiSchema { Type = JsonSchemaType.String }, new OpenApiSchemaReference(SecretName)],
    };

    private static IOpenApiSchema NeverNull(IOpenApiSchema schema)
    {
        if (schema is OpenApiSchema { Type: { } type } own)
            own.Type = type & ~JsonSchemaType.Null;
        return Said(schema) ?? schema;
    }

    private static IOpenApiSchema Nullable(IOpenApiSchema schema)
    {
        if (schema is OpenApiSchema { Type: { } type } own)
            own.Type = type | JsonSchemaType.Null;
        else if (IsNullable(schema))
            schema.Description ??= Said(schema)?.Description;
        else if (schema is OpenApiSchemaReference)
            return new OpenApiSchema { Description = schema.Description, OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, schema] };
        return schema;
    }

    /// <summary>The nullable schema without its null; null when it is not a pair of a schema and null.</summary>
    private static IOpenApiSchema? Said(IOpenApiSchema schema) => IsNullable(schema) ? schema.OneOf!.First(one => one.Type != JsonSchemaType.Null) : null;

    private static bool IsNullable(IOpenApiSchema schema) => schema.OneOf?.Any(one => one.Type == JsonSchemaType.Null) == true;
}
