using System.Buffers;
using System.Globalization;

namespace JobService.Upstream;

/// <summary>When an API begins to count anew, in the many ways of saying it.</summary>
internal static class ResetTime
{
    // 1e9 seconds are the year 2001 as a moment and 31 years as a wait; nobody means the latter.
    private const double FirstEpochSeconds = 1e9;
    private const double FirstEpochMilliseconds = 1e12;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>The wait from now on, at most <see cref="RetryAfter.Longest"/>; zero when the moment is over; null when it cannot be read.</summary>
    public static TimeSpan? Parse(string text, DateTimeOffset now)
    {
        text = text.Trim();
        if (text.Length == 0)
            return null;
        if (!char.IsAsciiDigit(text[0]))
            return MomentOf(text, "r", now); // Thu, 01 Jan 2026 12:00:30 GMT
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? FromNumber(number, now)
            : DurationOf(text) ?? MomentOf(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", now);
    }

    /// <param name="number">From 0: milliseconds or seconds since 1970 when it is as large as that, else seconds from now on.</param>
    public static TimeSpan FromNumber(double number, DateTimeOffset now)
    {
        var seconds = number switch
        {
            >= FirstEpochMilliseconds => (number / 1_000) - SinceEpoch(now),
            >= FirstEpochSeconds => number - SinceEpoch(now),
            _ => number,
        };
        return Bounded(seconds);
    }

    public static TimeSpan Bounded(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, RetryAfter.Longest.TotalSeconds));

    private static double SinceEpoch(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).TotalSeconds;

    private static TimeSpan? MomentOf(string text, string format, DateTimeOffset now) =>
        DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? Bounded((moment - now).TotalSeconds)
            : null;

    /// <summary>As Go prints it: <c>1h2m3.5s</c>, <c>6m0s</c>, <c>20ms</c>; the units from large to small, each once.</summary>
    private static TimeSpan? DurationOf(ReadOnlySpan<char> text)
    {
        var (seconds, last) = (0d, double.MaxValue);
        while (text.Length > 0)
        {
            var digits = text.IndexOfAnyExcept(NumberCharacters);
            if (digits < 1 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return null;

            var letters = text[digits..].IndexOfAny(NumberCharacters);
            var unit = letters < 0 ? text[digits..] : text.Slice(digits, letters);
            var scale = unit switch { "d" => 86_400, "h" => 3_600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" or "µs" => 1e-6, "ns" => 1e-9, _ => 0 };
            if (scale <= 0 || scale >= last)
                return null;
            (seconds, last) = (seconds + (number * scale), scale);
            text = text[(digits + unit.Length)..];
        }

        return Bounded(seconds);
    }
}
