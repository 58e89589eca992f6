using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Api.Http;

/// <summary>Explains in plain sentences, each with a pointer, why JSON does not match a contract.</summary>
/// <remarks>The serializer stops at the first error and reports it in .NET terms. Only refused JSON is analyzed here, so speed does not matter.</remarks>
internal static class JsonFaults
{
    private const int MaxReported = 20;

    /// <param name="json">The refused JSON.</param>
    /// <param name="type">The contract that it does not match.</param>
    /// <param name="fault">What the serializer said.</param>
    /// <param name="isPart">It is one job of many, whose line the caller names.</param>
    public static IReadOnlyList<Violation> Of(ReadOnlyMemory<byte> json, JsonTypeInfo type, Exception fault, bool isPart = false)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = ApiJson.MaxDepth });
            var found = Walk(document.RootElement, type, "").Take(MaxReported).ToArray();
            return found.Length > 0 ? found : [new Violation("", Sentence(fault.Message))];
        }
        catch (JsonException broken)
        {
            return [Broken(broken, isPart)];
        }
    }

    public static Violation Broken(JsonException fault, bool isPart = false) =>
        new("", $"Not valid JSON: {Sentence(fault.Message)} {(isPart ? "Byte" : $"Line {fault.LineNumber + 1}, byte")} {fault.BytePositionInLine + 1}.");

    private static IEnumerable<Violation> Walk(JsonElement json, JsonTypeInfo type, string at) => type.Kind switch
    {
        JsonTypeInfoKind.Object => Object(json, type, at),
        JsonTypeInfoKind.Dictionary => Dictionary(json, type, at),
        JsonTypeInfoKind.Enumerable => List(json, type, at),
        _ => Value(json, type, at),
    };

    private static IEnumerable<Violation> Object(JsonElement json, JsonTypeInfo type, string at)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return [new Violation(at, $"Must be a JSON object, not {Called(json)}.")];
        if (type.PolymorphismOptions is not { } kinds)
            return Fields(json, type, at, null);

        var known = kinds.DerivedTypes.ToDictionary(kind => (string)kind.TypeDiscriminator!, kind => kind.DerivedType);
        var discriminator = kinds.TypeDiscriminatorPropertyName;
        var wanted = $"One of: {string.Join(", ", known.Keys)}.";
        if (!json.TryGetProperty(discriminator, out var kind))
            return [new Violation(Pointers.Under(at, discriminator), $"Required. {wanted}")];
        return kind.ValueKind == JsonValueKind.String && known.TryGetValue(kind.GetString()!, out var derived)
            ? Fields(json, type.Options.GetTypeInfo(derived), at, discriminator)
            : [new Violation(Pointers.Under(at, discriminator), wanted)];
    }

    private static IEnumerable<Violation> Fields(JsonElement json, JsonTypeInfo type, string at, string? discriminator)
    {
        var names = type.Options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var known = type.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null).ToDictionary(p => p.Name, names);
        var seen = new HashSet<string>(names);
        foreach (var field in json.EnumerateObject())
        {
            if (Name(field) is not { } name)
                yield return new Violation(at, "The name of a field contains a lone surrogate.");
            else if (!seen.Add(name))
                yield return new Violation(Pointers.Under(at, name), "This field occurs twice.");
            else if (known.TryGetValue(name, out var property))
            {
                foreach (var violation in Field(field.Value, property, type, Pointers.Under(at, name)))
                    yield return violation;
            }
            else if (name != discriminator)
                yield return Unknown(name, Offered(type, known.Keys, discriminator), Pointers.Under(at, name));
        }

        foreach (var missing in known.Values.Where(property => property.IsRequired && !seen.Contains(property.Name)))
            yield return new Violation(Pointers.Under(at, missing.Name), "Required.");
    }

    private static IEnumerable<Violation> Field(JsonElement value, JsonPropertyInfo property, JsonTypeInfo type, string at)
    {
        if (value.ValueKind != JsonValueKind.Null)
            return Walk(value, type.Options.GetTypeInfo(property.PropertyType), at);
        return property.IsSetNullable || property.PropertyType == typeof(JsonElement)
            ? []
            : [new Violation(at, "Required, and not null.")];
    }

    private static Violation Unknown(string name, IReadOnlyCollection<string> known, string at) =>
        new(at, $"Unknown field. Known here: {string.Join(", ", known)}.{Nearest.Hint(name, known)}");

    /// <summary>The fields that may be given, the kind among them. A concurrency limit inherits <c>weightFrom</c> and refuses it.</summary>
    private static string[] Offered(JsonTypeInfo type, IEnumerable<string> known, string? discriminator) =>
        [.. discriminator is null ? [] : (string[])[discriminator], .. type.Type == typeof(ConcurrencyDefinition) ? known.Where(name => name != "weightFrom") : known];

    private static string Called(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };

    private static IEnumerable<Violation> Dictionary(JsonElement json, JsonTypeInfo type, string at)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            yield return new Violation(at, "A JSON object of names and values.");
            yield break;
        }

        var seen = new HashSet<string>();
        foreach (var field in json.EnumerateObject())
        {
            if (Name(field) is not { } name)
            {
                yield return new Violation(at, "A name contains a lone surrogate.");
                continue;
            }

            if (!seen.Add(name))
                yield return new Violation(Pointers.Under(at, name), "This name occurs twice.");
            foreach (var violation in Walk(field.Value, type.Options.GetTypeInfo(type.ElementType!), Pointers.Under(at, name)))
                yield return violation;
        }
    }

    private static IEnumerable<Violation> List(JsonElement json, JsonTypeInfo type, string at) => json.ValueKind == JsonValueKind.Array
        ? json.EnumerateArray().SelectMany((item, i) => Walk(item, type.Options.GetTypeInfo(type.ElementType!), $"{at}/{i}"))
        : [new Violation(at, "A JSON array.")];

    private static IEnumerable<Violation> Value(JsonElement json, JsonTypeInfo type, string at)
    {
        try
        {
            _ = json.Deserialize(type);
            return [];
        }
        catch (JsonException fault)
        {
            return [new Violation(at, Wanted(type.Type, json) ?? Sentence(fault.Message))];
        }
    }

    /// <returns>Null for types whose converter reports its own message.</returns>
    private static string? Wanted(Type type, JsonElement json)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int))
            return json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var number) && double.IsInteger(number) ? "This number is out of range." : "A whole number.";
        if (type == typeof(double))
            return "A number.";
        if (type == typeof(string))
            return json.ValueKind == JsonValueKind.String ? "A string without lone surrogates." : "A string.";
        if (type == typeof(byte[]))
            return "Bytes in base64 (RFC 4648, section 4), as \"aGVsbG8=\".";
        if (type == typeof(Guid))
            return "An id, a UUID.";
        if (type == typeof(DateTimeOffset))
            return Rfc3339Json.Wanted;
        if (type == typeof(JsonElement))
            return "JSON whose objects have each field once, without lone surrogates in the names.";
        return type.IsEnum ? $"One of: {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))}." : null;
    }

    /// <summary>The unescaped name, or null when it cannot be read.</summary>
    private static string? Name(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Only the first sentence: the rest is about paths and options of the reader.</summary>
    private static string Sentence(string message)
    {
        // If a converter gives no message, the reader names the .NET type.
        if (message.StartsWith("The JSON value could not be converted to", StringComparison.Ordinal))
            return "This value cannot be read.";
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message : message[..(end + 1)];
    }
}
