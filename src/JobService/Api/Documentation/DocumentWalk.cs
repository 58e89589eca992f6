using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Finds the named schemas that a part of the document uses, directly or through others.</summary>
internal sealed class DocumentWalk(OpenApiDocument document)
{
    private readonly IDictionary<string, IOpenApiSchema> named = document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>();

    public HashSet<string> OfRequests() => Of(Operations().SelectMany(operation => operation.RequestBody?.Content?.Values ?? []));

    public HashSet<string> OfResponses() => Of(Operations().SelectMany(operation => operation.Responses ?? []).SelectMany(response => response.Value.Content?.Values ?? []));

    /// <summary>The direct children of a schema.</summary>
    public static IEnumerable<IOpenApiSchema> Within(IOpenApiSchema schema) =>
        [.. schema.Properties?.Values ?? [], .. schema.OneOf ?? [], .. schema.AnyOf ?? [], .. schema.AllOf ?? [], .. Both(schema.Items, schema.AdditionalProperties)];

    private static IEnumerable<IOpenApiSchema> Both(params IOpenApiSchema?[] schemas) => schemas.OfType<IOpenApiSchema>();

    private IEnumerable<OpenApiOperation> Operations() => document.Paths.Values.SelectMany(path => path.Operations ?? []).Select(operation => operation.Value);

    private HashSet<string> Of(IEnumerable<OpenApiMediaType> contents)
    {
        var found = new HashSet<string>();
        var open = new Stack<IOpenApiSchema>(contents.Select(content => content.Schema).OfType<IOpenApiSchema>());
        while (open.TryPop(out var schema))
        {
            if (schema is OpenApiSchemaReference { Reference.Id: { } name })
            {
                if (found.Add(name))
                    open.Push(named[name]);
                continue;
            }

            foreach (var inner in Within(schema))
                open.Push(inner);
        }

        return found;
    }
}
