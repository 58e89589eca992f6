namespace JobService.Jobs;

/// <summary>The rules for addresses that the service is to call.</summary>
public static class AddressRules
{
    public const int MaxLength = 2048;

    /// <summary>The parsed address, if it is an absolute http or https address of at most that many characters.</summary>
    public static Uri? Read(string address)
    {
        // A leading slash is a file URI on Linux; and white space, which Uri would trim, is not part of an address.
        if (address.Length > MaxLength || address.StartsWith('/') || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\'))
            return null;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0, Port: not 0 } ? uri : null;
    }
}
