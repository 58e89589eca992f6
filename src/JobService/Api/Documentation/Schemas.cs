using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JobService.Api.Contracts;
using JobService.Jobs;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Adds what the generator cannot see about our types: which are written as strings, and that responses leave out nulls.</summary>
internal static class Schemas
{
    /// <summary>Kiota uses this field as the message of its exceptions.</summary>
    private const string MessageOfErrors = "x-ms-primary-error-message";

    /// <summary>The field of a header's value that names a secret.</summary>
    public const string ByName = "fromConfiguration";

    public static async Task Correct(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var given = context.JsonTypeInfo.Type;
        var type = Nullable.GetUnderlyingType(given) ?? given;
        if (type == typeof(DateTimeOffset) || type.IsEnum)
            schema.Type = type == given ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        else if (type == typeof(SubmitBatch) && schema.Properties is { } fields)
            ((OpenApiSchema)fields["jobs"]).Items = await context.GetOrCreateSchemaAsync(typeof(SubmitJob), cancellationToken: cancellation);
        else if (type == typeof(ProblemView) && schema.Properties?["detail"] is OpenApiSchema detail)
            (detail.Extensions ??= new Dictionary<string, IOpenApiExtension>())[MessageOfErrors] = new JsonNodeExtension(true);
        else if (type == typeof(IReadOnlyDictionary<string, HeaderValue>))
            schema.AdditionalProperties = new OpenApiSchema(); // described as a HeaderValue after this
        else if (type == typeof(IReadOnlyDictionary<string, QueryValue>))
            schema.AdditionalProperties = TextOrTexts();
        else if (type == typeof(HeaderValue))
            (schema.Type, schema.Properties, schema.Required) = (JsonSchemaType.Object, SecretName(), new HashSet<string> { ByName });

        // A constructor's parameter counts as required; one that may be null is left out of the response instead, unless it is always written.
        foreach (var property in context.JsonTypeInfo.Properties.Where(property => property.IsGetNullable))
        {
            if (IsAlwaysWritten(property))
                (schema.Required ??= new HashSet<string>()).Add(property.Name);
            else
                schema.Required?.Remove(property.Name);
        }
    }

    private static bool IsAlwaysWritten(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false).OfType<JsonIgnoreAttribute>().Any(ignore => ignore.Condition == JsonIgnoreCondition.Never) == true;

    private static OpenApiSchema TextOrTexts() => new()
    {
        OneOf =
        [
            new OpenApiSchema { Type = JsonSchemaType.String },
            new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
        ],
    };

    /// <summary>The form of a header's value that names a secret; <see cref="ClientShape"/> adds the plain string.</summary>
    private static Dictionary<string, IOpenApiSchema> SecretName() => new()
    {
        [ByName] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "`Name` stands for the secret `JobService:Secrets:Name`." },
    };
}
