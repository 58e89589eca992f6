namespace JobService.Jobs;

/// <summary>Which headers carry credentials: their plain values are shown nowhere.</summary>
public static class HeaderMask
{
    private static readonly string[] Telling = ["token", "secret", "key", "password", "credential", "signature"];

    public static bool Hides(string name) =>
        name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)
        || Telling.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>The queue as it may be shown. A secret that stands in the configuration keeps its name.</summary>
    public static QueueDefinition Mask(QueueDefinition queue) =>
        queue.Target is HttpTarget http && http.Headers.Any(header => header.Value is HeaderValue.Text && Hides(header.Key))
            ? queue with { Target = http with { Headers = http.Headers.ToDictionary(header => header.Key, Shown) } }
            : queue;

    private static HeaderValue Shown(KeyValuePair<string, HeaderValue> header) =>
        header.Value is HeaderValue.Text && Hides(header.Key) ? new HeaderValue.Text(QueueRules.Masked) : header.Value;
}
