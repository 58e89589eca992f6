using JobService.Api.Contracts;
using JobService.Jobs;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Says of our types what the generator cannot see: what writes itself as a string, and that nulls are left out of answers.</summary>
internal static class Schemas
{
    public static async Task Correct(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var given = context.JsonTypeInfo.Type;
        var type = Nullable.GetUnderlyingType(given) ?? given;
        if (type == typeof(DateTimeOffset) || type.IsEnum)
            schema.Type = type == given ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        else if (type == typeof(IReadOnlyDictionary<string, HeaderValue>))
            schema.AdditionalProperties = TextOrSecret();
        else if (type == typeof(SubmitBatch) && schema.Properties is { } fields)
            (((OpenApiSchema)fields["jobs"]).Items, fields["defaults"]) = (await context.GetOrCreateSchemaAsync(typeof(SubmitJob), cancellationToken: cancellation), AnyOfAJob((OpenApiSchema)fields["defaults"]));
        else if (type == typeof(IReadOnlyDictionary<string, QueryValue>))
            schema.AdditionalProperties = TextOrTexts();
        else if (type == typeof(HeaderValue))
            schema.OneOf = TextOrSecret().OneOf;

        // A constructor's parameter counts as required; one that may be null is left out of the answer instead.
        foreach (var property in context.JsonTypeInfo.Properties.Where(property => property.IsGetNullable))
            schema.Required?.Remove(property.Name);
    }

    private static OpenApiSchema AnyOfAJob(OpenApiSchema defaults) => new() { Type = JsonSchemaType.Object, Description = defaults.Description };

    private static OpenApiSchema TextOrTexts() => new()
    {
        OneOf =
        [
            new OpenApiSchema { Type = JsonSchemaType.String },
            new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
        ],
    };

    private static OpenApiSchema TextOrSecret() => new()
    {
        OneOf =
        [
            new OpenApiSchema { Type = JsonSchemaType.String },
            new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema> { ["fromConfiguration"] = new OpenApiSchema { Type = JsonSchemaType.String } },
                Required = new HashSet<string> { "fromConfiguration" },
            },
        ],
    };
}
