namespace JobService.Jobs;

/// <summary>The key that authenticates the sender to a receiver, in the format of Standard Webhooks: <c>whsec_</c> and base64.</summary>
public static class WebhookSecret
{
    public const string Wanted = "'whsec_' and the base64 of 24 to 64 random bytes";

    private const string Prefix = "whsec_";
    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    /// <summary>The bytes to sign with; null when the text is not a valid secret.</summary>
    public static byte[]? Read(string? text)
    {
        // The decoder would skip white space, and the receiver's might not.
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.Any(char.IsWhiteSpace))
            return null;

        var key = new byte[MaxBytes];
        return Convert.TryFromBase64String(text[Prefix.Length..], key, out var length) && length >= MinBytes ? key[..length] : null;
    }
}
