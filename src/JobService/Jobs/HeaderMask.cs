using System.Collections.Frozen;

namespace JobService.Jobs;

/// <summary>Which plain header values may be shown: those of a few names that carry no credentials. Any other name may carry some.</summary>
public static class HeaderMask
{
    private static readonly FrozenSet<string> Harmless = new[]
    {
        "Accept", "Accept-Charset", "Accept-Language", "Cache-Control", "Content-Language", "Content-Type", "Prefer", "User-Agent", "X-Requested-With",
        // The versions that well-known APIs ask for.
        "Anthropic-Beta", "Anthropic-Version", "Notion-Version", "OpenAI-Beta", "Stripe-Version", "X-GitHub-Api-Version", "X-MS-Version",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool Hides(string name) => !Harmless.Contains(name);

    /// <summary>A secret from the configuration is shown by its name.</summary>
    public static bool Hides(KeyValuePair<string, HeaderValue> header) => header.Value.Match(text: _ => Hides(header.Key), fromConfiguration: _ => false);

    public static HeaderValue Shown(KeyValuePair<string, HeaderValue> header) => Hides(header) ? new HeaderValue.Text(QueueRules.Masked) : header.Value;
}
