using System.Globalization;

namespace JobService.Jobs;

/// <summary>The content codings that the service can decode, as a header <c>Accept-Encoding</c> may ask for them.</summary>
public static class AcceptEncoding
{
    public const string Name = "Accept-Encoding";

    public const string Readable = "gzip, deflate, br";

    public static bool CanRead(string coding) => coding.ToUpperInvariant() is "GZIP" or "X-GZIP" or "DEFLATE" or "BR" or "IDENTITY";

    /// <summary>Only supported codings may be asked for: with another one, the job would fail after its call.</summary>
    public static string? Fault(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).All(item => IsHarmless(item.Split(';', StringSplitOptions.TrimEntries)))
            ? null
            : $"The supported encodings are {Readable} and identity.";

    private static bool IsHarmless(string[] item) => CanRead(item[0]) || (item.Length > 1 && IsRefusal(item[1]));

    private static bool IsRefusal(string quality) =>
        quality.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && double.TryParse(quality.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) && q == 0;
}
