using System.Globalization;
using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>Raw header values, without the validation of the framework.</summary>
internal static class HeaderText
{
    /// <summary>Numbers are capped at this: no API allows more calls or tokens.</summary>
    private const int MaxCount = 1_000_000_000;

    /// <summary>Null when the response has no such header.</summary>
    public static string? Of(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? Once(values.ToString()) : null;

    /// <summary>A value that a proxy has duplicated, <c>5, 5</c>, counts once. A date has a comma of its own.</summary>
    public static string Once(string text)
    {
        text = text.Trim();
        var middle = text.Length / 2;
        return text.Length % 2 == 0 && middle > 1 && text[middle - 1] == ',' && text[middle] == ' ' && text.AsSpan(0, middle - 1).SequenceEqual(text.AsSpan(middle + 1)) ? text[..(middle - 1)]
            : text.Length % 2 == 1 && middle > 0 && text[middle] == ',' && text.AsSpan(0, middle).SequenceEqual(text.AsSpan(middle + 1)) ? text[..middle]
            : text;
    }

    /// <summary>A number, with or without a fraction; a negative one counts as zero: nothing is left. Null for anything else.</summary>
    public static int? Count(string text)
    {
        text = text.Trim();
        // It must start with a digit, because double also reads "NaN" and "Infinity".
        var digits = text.StartsWith('-') ? 1 : 0;
        return text.Length > digits && char.IsAsciiDigit(text[digits])
            && double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count)
                ? Whole(count)
                : null;
    }

    public static int Whole(double count) => (int)Math.Clamp(count, 0, MaxCount);
}
