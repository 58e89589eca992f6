using System.Text;
using System.Text.Json;

namespace JobService.Api;

/// <summary>The default fields of a batch: merged into the JSON of each job that does not set them, before it is read.</summary>
internal sealed class JobDefaults
{
    /// <summary>Two ways to set the same thing: a job that sets one does not get the default of the other.</summary>
    private static readonly string[] starts = ["notBefore", "delaySeconds"];

    private readonly List<(string Name, byte[] Field)> fields = [];

    private JobDefaults(JsonElement defaults)
    {
        foreach (var field in defaults.EnumerateObject().Where(IsGiven))
            fields.Add((field.Name, Encoding.UTF8.GetBytes(Text(field))));
    }

    /// <param name="defaults">A JSON object, or nothing.</param>
    /// <returns>Null when there is nothing to add.</returns>
    public static JobDefaults? Of(JsonElement defaults) => defaults.ValueKind == JsonValueKind.Object && new JobDefaults(defaults) is { fields.Count: > 0 } some ? some : null;

    /// <summary>The job with the defaults filled in. Anything but a JSON object is returned unchanged: the reader reports it.</summary>
    /// <param name="job">The job's JSON.</param>
    /// <param name="maxBytes">A job that is larger without the defaults is returned unchanged.</param>
    public ReadOnlyMemory<byte> ApplyTo(ReadOnlyMemory<byte> job, int maxBytes)
    {
        if (job.Length > maxBytes)
            return job;
        HashSet<string> given;
        bool isEmpty;
        try
        {
            using var document = JsonDocument.Parse(job, new JsonDocumentOptions { MaxDepth = ApiJson.MaxDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return job;
            JsonProperty[] all = [.. document.RootElement.EnumerateObject()];
            JsonProperty[] kept = [.. all.Where(field => IsGiven(field) || !fields.Exists(one => one.Name == field.Name))];
            given = [.. all.Where(IsGiven).Select(field => field.Name)];
            isEmpty = kept.Length == 0;
            // A null is replaced by the default: the name must not occur twice.
            if (kept.Length < all.Length)
                job = Encoding.UTF8.GetBytes($"{{{string.Join(',', kept.Select(Text))}}}");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return job;
        }

        if (given.Overlaps(starts))
            given.UnionWith(starts);
        var missing = fields.FindAll(field => !given.Contains(field.Name));
        if (missing.Count == 0)
            return job;

        var brace = job.Span.IndexOf((byte)'{') + 1;
        var whole = new List<byte>(job.Length + Math.Min(maxBytes, missing.Sum(field => field.Field.Length + 1)) + 1);
        whole.AddRange(job.Span[..brace]);
        for (var i = 0; i < missing.Count; i++)
        {
            whole.AddRange(missing[i].Field);
            if (i + 1 < missing.Count || !isEmpty)
                whole.Add((byte)',');
        }

        whole.AddRange(job.Span[brace..]);
        return whole.ToArray();
    }

    /// <summary>A null counts as left out.</summary>
    private static bool IsGiven(JsonProperty field) => field.Value.ValueKind != JsonValueKind.Null;

    private static string Text(JsonProperty field) => $"{JsonSerializer.Serialize(field.Name)}:{field.Value.GetRawText()}";
}
