using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Describes a type with a <c>kind</c> as one object with an enumeration: from alternatives, generators produce class hierarchies that lose the kind or cannot be read back.</summary>
internal static class FlatKinds
{
    private const string OnlyFor = "Only for `";

    /// <summary>True for a field that not every kind has: with another kind it is refused.</summary>
    public static bool IsOfOne(IOpenApiSchema field) => field.Description?.Contains(OnlyFor, StringComparison.Ordinal) == true;

    public static void Apply(IDictionary<string, IOpenApiSchema> schemas)
    {
        foreach (var schema in schemas.Values.OfType<OpenApiSchema>().Where(schema => schema.Discriminator is not null).ToArray())
        {
            var kinds = schema.Discriminator!.Mapping!.ToDictionary(kind => kind.Key, kind => kind.Value.Reference.Id!);
            Flatten(schema, kinds.ToDictionary(kind => kind.Key, kind => schemas[kind.Value]));
            foreach (var name in kinds.Values)
                schemas.Remove(name);
        }
    }

    private static void Flatten(OpenApiSchema schema, Dictionary<string, IOpenApiSchema> kinds)
    {
        var discriminator = schema.Discriminator!.PropertyName!;
        var fields = kinds.SelectMany(kind => kind.Value.Properties ?? new Dictionary<string, IOpenApiSchema>(), (kind, field) => (Kind: kind.Key, field.Key, Schema: field.Value))
            .Where(field => field.Key != discriminator)
            .GroupBy(field => field.Key, StringComparer.Ordinal);

        var about = string.Join(" ", kinds.Select(kind => $"`{kind.Key}`: {kind.Value.Description}"));
        schema.Type = JsonSchemaType.Object;
        schema.AdditionalPropertiesAllowed = false;
        schema.Properties = new Dictionary<string, IOpenApiSchema>
        {
            [discriminator] = new OpenApiSchema { Type = JsonSchemaType.String, Description = about, Enum = [.. kinds.Keys.Select(kind => (JsonNode)kind)] },
        };
        schema.Required = new HashSet<string> { discriminator };
        foreach (var field in fields)
        {
            var of = field.Select(one => one.Kind).ToArray();
            var isOfAll = of.Length == kinds.Count;
            var needed = field.Where(one => kinds[one.Kind].Required?.Contains(one.Key) == true).Select(one => one.Kind).ToArray();
            if (isOfAll && needed.Length == of.Length)
                schema.Required.Add(field.Key);
            var value = field.First().Schema;
            if (!isOfAll)
                value.Description = $"{value.Description} {OnlyFor}{string.Join("` and `", of)}`{(needed.Length > 0 ? ", and required there" : "")}.".TrimStart();
            schema.Properties[field.Key] = value;
        }

        schema.Discriminator = null;
        schema.AnyOf = null;
    }
}
