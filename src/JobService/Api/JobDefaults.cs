using System.Text;
using System.Text.Json;

namespace JobService.Api;

/// <summary>Fields that every job of a batch has unless it gives them itself: put into its JSON before it is read.</summary>
internal sealed class JobDefaults
{
    /// <summary>Two ways to say when: who says it in one does not get the other besides.</summary>
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

    /// <summary>The job with the fields that it does not give itself. What is no JSON object is left as it is: who reads it says so.</summary>
    /// <param name="job">The job's JSON.</param>
    /// <param name="maxBytes">A job that is larger by itself is left as it is.</param>
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
            // Where a null gives way to the default, the same name would stand twice.
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

    /// <summary>A null is no value of its own: the field counts as left out.</summary>
    private static bool IsGiven(JsonProperty field) => field.Value.ValueKind != JsonValueKind.Null;

    private static string Text(JsonProperty field) => $"{JsonSerializer.Serialize(field.Name)}:{field.Value.GetRawText()}";
}
