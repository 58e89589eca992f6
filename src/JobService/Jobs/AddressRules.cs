namespace JobService.Jobs;

/// <summary>Addresses that the service is told to call.</summary>
public static class AddressRules
{
    public const int MaxLength = 2048;

    /// <summary>The address, when it is an absolute http or https address in so many characters.</summary>
    public static Uri? Read(string address)
    {
        // A leading slash is a file URI on Linux; and white space that Uri would trim away is none of an address.
        if (address.Length > MaxLength || address.StartsWith('/') || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\'))
            return null;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0, Port: not 0 } ? uri : null;
    }
}
