using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace JobService.Api.Http;

/// <summary>Makes <c>kind</c> case-insensitive, like all other names in the contract, and treats nulls in fields of another kind as left out; the reader of .NET accepts only what it writes itself.</summary>
internal static class Kinds
{
    /// <returns>The same JSON with its kinds in canonical case; null when they are already, or when it is not valid JSON.</returns>
    public static byte[]? AsWritten(ReadOnlySpan<byte> utf8, JsonTypeInfo type)
    {
        if (!HasKinds(type))
            return null;
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ApiJson.MaxDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            var root = JsonObject.Create(document.RootElement);
            return root is not null && Mend(root, type) ? JsonSerializer.SerializeToUtf8Bytes(root) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // not valid, or a duplicate name: the reader will report it
        }
    }

    private static bool HasKinds(JsonTypeInfo type) => type.PolymorphismOptions is not null
        || (type.Kind == JsonTypeInfoKind.Object && type.Properties.Any(field => HasKinds(type.Options.GetTypeInfo(field.PropertyType))));

    /// <returns>True when something was changed.</returns>
    private static bool Mend(JsonObject json, JsonTypeInfo type)
    {
        var isMended = false;
        if (type.PolymorphismOptions is { } kinds)
        {
            var (name, kind) = json.FirstOrDefault(field => Same(field.Key, kinds.TypeDiscriminatorPropertyName, type));
            var word = kind is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
            var meant = kinds.DerivedTypes.FirstOrDefault(derived => word is not null && word.Equals((string)derived.TypeDiscriminator!, StringComparison.OrdinalIgnoreCase));
            if (meant.DerivedType is null)
                return false;
            isMended = LeaveOutOtherKinds(json, meant.DerivedType, kinds, type.Options) || word != (string)meant.TypeDiscriminator! || name != kinds.TypeDiscriminatorPropertyName;
            json.Remove(name);
            json[kinds.TypeDiscriminatorPropertyName] = (string)meant.TypeDiscriminator!;
            type = type.Options.GetTypeInfo(meant.DerivedType);
        }

        foreach (var field in type.Properties)
        {
            if (json.FirstOrDefault(one => Same(one.Key, field.Name, type)).Value is JsonObject inner && type.Options.GetTypeInfo(field.PropertyType) is { Kind: JsonTypeInfoKind.Object } contract)
                isMended |= Mend(inner, contract);
        }

        return isMended;
    }

    /// <summary>Generated clients have one class for all kinds, which writes the fields of other kinds as nulls.</summary>
    private static bool LeaveOutOtherKinds(JsonObject json, Type meant, JsonPolymorphismOptions kinds, JsonSerializerOptions options)
    {
        var known = options.GetTypeInfo(meant).Properties.Select(field => field.Name).ToHashSet();
        var ofOthers = kinds.DerivedTypes.SelectMany(kind => options.GetTypeInfo(kind.DerivedType).Properties).Select(field => field.Name).Where(name => !known.Contains(name));
        var isMended = false;
        foreach (var name in ofOthers)
        {
            if (json.TryGetPropertyValue(name, out var value) && value is null)
                isMended |= json.Remove(name);
        }

        return isMended;
    }

    private static bool Same(string name, string known, JsonTypeInfo type) =>
        name.Equals(known, type.Options.PropertyNameCaseInsensitive ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
}
