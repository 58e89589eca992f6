using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace JobService.Tests.Support;

/// <summary>The committed OpenAPI document, which is the served one.</summary>
internal static class OpenApiDocument
{
    private const string Named = "#/components/schemas/";

    private static readonly JsonElement document = Read();

    /// <summary>Operations, those first whose path has the fewest variables: /v1/jobs/cancel is no id.</summary>
    public static IReadOnlyList<DocumentedOperation> Operations { get; } =
    [
        .. document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => new DocumentedOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value)))
            .OrderBy(operation => operation.Path.Count(letter => letter == '{')),
    ];

    /// <summary>A schema of the document that stands for itself, with all that it refers to.</summary>
    public static string WithDefinitions(JsonElement schema)
    {
        var whole = JsonObject.Create(schema)!;
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        whole["$defs"] = JsonObject.Create(document.GetProperty("components").GetProperty("schemas"));
        return whole.ToJsonString().Replace(Named, "#/$defs/", StringComparison.Ordinal);
    }

    private static JsonElement Read([CallerFilePath] string here = "") =>
        JsonElement.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "openapi.json")));
}
