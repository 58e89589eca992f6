using System.Globalization;
using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>The wait that an answer asks for (RFC 9110, section 10.2.3).</summary>
public static class RetryAfter
{
    /// <summary>No API stops us for longer, whatever it says: a wrong unit must not park a queue for years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Seconds, with a fraction as some APIs send it, or an HTTP date; null when it is neither.</summary>
    public static TimeSpan? Parse(string? text, DateTimeOffset now)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
            return null;

        // A digit first, because double also reads "NaN" and "Infinity".
        if (char.IsAsciiDigit(text[0])
            && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds));
        }

        if (!RetryConditionHeaderValue.TryParse(text, out var condition) || condition.Date is not { } date)
            return null;

        var wait = date - now;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < Longest ? wait : Longest;
    }
}
