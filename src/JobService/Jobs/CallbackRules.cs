namespace JobService.Jobs;

/// <summary>The rules for a callback.</summary>
public static class CallbackRules
{
    /// <param name="url">As submitted.</param>
    /// <param name="secret">As submitted.</param>
    /// <param name="at">JSON pointer of the callback in the body.</param>
    public static IEnumerable<Violation> Check(string? url, HeaderValue? secret, string at)
    {
        if (UrlFault(url) is { } wrongUrl)
            yield return new Violation($"{at}/url", wrongUrl);
        if (SecretFault(secret) is { } wrongSecret)
            yield return new Violation($"{at}/secret", wrongSecret);
    }

    private static string? UrlFault(string? url)
    {
        if (url is null || AddressRules.Read(url) is not { } address)
            return $"Required: an absolute http or https address of at most {AddressRules.MaxLength} characters, such as https://example.com/hooks/jobs.";
        return address.UserInfo.Length > 0 || address.Fragment.Length > 0 || url.Contains('#', StringComparison.Ordinal)
            ? "No user info and no fragment: the signature authenticates the sender."
            : null;
    }

    private static string? SecretFault(HeaderValue? secret)
    {
        const string Required = $"Required: {WebhookSecret.Wanted}, or {{\"fromConfiguration\": \"Name\"}}.";
        return secret is null
            ? Required
            : secret.Match(text => WebhookSecret.Read(text) is null ? Required : null, name => Names.IsName(name) ? null : $"A secret's name: {Names.Wanted}.");
    }
}
