using System.Text.Json;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Describes which fields of a definition changed, and from what to what: <c>permits 50 → 20, retry.maxAttempts 5 → 9</c>.</summary>
internal static class FieldChanges
{
    /// <summary>Bounds the log line: a queue may have 10 000 shares.</summary>
    private const int MaxShown = 50;

    private const int MaxPartLength = 200;
    private const string Absent = "none";

    public static Fields Of(LimitDefinition limit) => Read(JsonSerializer.SerializeToElement(limit, ApiJson.Of<LimitDefinition>()), null);

    /// <remarks>Compares the real values and shows the masked ones: the log says that a credential was replaced, not what it is.</remarks>
    public static Fields Of(QueueEntry queue)
    {
        var fields = Read(Json(queue.Definition), Json(queue.Definition.Masked()));
        fields["paused"] = queue.Paused ? ("true", "true") : ("false", "false");
        return fields;
    }

    public static string All(Fields made) => Sentence([.. made.Select(field => $"{Cut(field.Key)} {field.Value.Shown}")]);

    /// <returns>Null when nothing has changed.</returns>
    public static string? Between(Fields before, Fields after)
    {
        List<string> changes = [];
        foreach (var (path, (value, shown)) in after)
        {
            if (!before.TryGetValue(path, out var former))
                changes.Add($"{Cut(path)} {Absent} → {shown}");
            else if (former.Value != value)
                changes.Add($"{Cut(path)} {former.Shown} → {shown}");
        }

        changes.AddRange(before.Where(field => !after.ContainsKey(field.Key)).Select(field => $"{Cut(field.Key)} {field.Value.Shown} → {Absent}"));
        return changes.Count == 0 ? null : Sentence(changes);
    }

    private static string Sentence(List<string> parts)
    {
        var line = string.Join(", ", parts.Take(MaxShown));
        return parts.Count > MaxShown ? $"{line} and {parts.Count - MaxShown} more" : line;
    }

    private static JsonElement Json(QueueDefinition queue) => JsonSerializer.SerializeToElement(queue, ApiJson.Of<QueueDefinition>());

    private static Fields Read(JsonElement definition, JsonElement? masked)
    {
        var fields = new Fields();
        foreach (var (value, shown) in Leaves(definition, "").Zip(Leaves(masked ?? definition, "")))
            fields[value.Path] = (value.Json.GetRawText(), Shown(shown.Json));
        return fields;
    }

    /// <summary>An empty list counts as none.</summary>
    private static IEnumerable<(string Path, JsonElement Json)> Leaves(JsonElement json, string at) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(field => Leaves(field.Value, at.Length == 0 ? Step(field.Name) : $"{at}.{Step(field.Name)}")),
        JsonValueKind.Array when json.GetArrayLength() == 0 => [],
        _ => [(at, json)],
    };

    /// <summary>Keys and header names come from outside: a name that could be mistaken for another field is quoted.</summary>
    private static string Step(string name) =>
        Names.IsName(name) && !name.Contains('.', StringComparison.Ordinal) ? name : JsonSerializer.Serialize(name, ApiJson.Of<string>());

    private static string Shown(JsonElement value)
    {
        var plain = value.ValueKind == JsonValueKind.String && value.GetString() is { } text && (Names.IsName(text) || text == QueueRules.Masked);
        return plain ? value.GetString()! : Cut(value.GetRawText());
    }

    private static string Cut(string text) => text.Length <= MaxPartLength ? text : text[..MaxPartLength] + "…";

    /// <summary>By path: the JSON value, and the masked value to show.</summary>
    internal sealed class Fields : Dictionary<string, (string Value, string Shown)>;
}
