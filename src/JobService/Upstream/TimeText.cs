using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>Parses a wait or a point in time in the many notations that APIs use.</summary>
/// <remarks>
/// Seconds, with a fraction or without; seconds or milliseconds since 1970; durations as Go prints them (<c>1h2m3.5s</c>, <c>100ms</c>) and as people write them (<c>3 seconds</c>); the three forms of an HTTP date (RFC 9110, section
/// 5.6.7); RFC 3339; and the date as JavaScript prints it. Anything else, including a negative number, is not a time.
/// </remarks>
internal static class TimeText
{
    // 1e9 seconds are the year 2001 as a point in time and 31 years as a wait; no API means the latter.
    private const double FirstEpochSeconds = 1e9;
    private const double FirstEpochMilliseconds = 1e12;
    private const double LastEpochMilliseconds = 253_402_300_799_000; // the end of the year 9999
    private const double LongestSeconds = 1e9;

    /// <summary>No date is longer; longer texts are not parsed.</summary>
    private const int MaxLength = 100;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Null when the text is not a time.</summary>
    public static ToldTime? Parse(string? text)
    {
        var trimmed = text?.Trim() ?? "";
        if (trimmed.Length is 0 or > MaxLength)
            return null;
        if (!char.IsAsciiDigit(trimmed[0]))
            return HttpDate(trimmed) ?? JavaScriptDate(trimmed);
        return NumberOf(trimmed) is { } number ? FromNumber(number) : Duration(trimmed) ?? Rfc3339(trimmed);
    }

    /// <summary>A number of milliseconds, from a header whose name says so.</summary>
    public static ToldTime? ParseMilliseconds(string? text) =>
        text?.Trim() is { Length: > 0 and <= MaxLength } trimmed && char.IsAsciiDigit(trimmed[0]) && NumberOf(trimmed) is { } number ? Wait(number / 1_000, isExact: true) : null;

    // Only called with a leading digit, because double also reads "NaN" and "Infinity".
    private static double? NumberOf(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ToldTime FromNumber(double number) => number switch
    {
        >= FirstEpochMilliseconds => new ToldTime(DateTimeOffset.UnixEpoch.AddMilliseconds(Math.Min(number, LastEpochMilliseconds)), IsWholeSecond: false),
        >= FirstEpochSeconds => new ToldTime(DateTimeOffset.UnixEpoch.AddSeconds(Math.Min(number, LastEpochMilliseconds / 1_000)), IsWholeSecond: double.IsInteger(number)),
        _ => Wait(number, isExact: !double.IsInteger(number)),
    };

    private static ToldTime Wait(double seconds, bool isExact) => new(TimeSpan.FromSeconds(Math.Min(seconds, LongestSeconds)), isExact);

    private static ToldTime Moment(DateTimeOffset moment) => new(moment, IsWholeSecond: moment.Ticks % TimeSpan.TicksPerSecond == 0);

    private static ToldTime? HttpDate(string text) =>
        RetryConditionHeaderValue.TryParse(text, out var condition) && condition.Date is { } date ? Moment(date) : null;

    /// <summary><c>Thu Jan 01 2026 13:00:30 GMT+0100 (Central European Standard Time)</c>: a JavaScript <c>Date</c> converted to a string as a header value.</summary>
    private static ToldTime? JavaScriptDate(string text)
    {
        var zoneName = text.IndexOf(" (", StringComparison.Ordinal);
        return DateTimeOffset.TryParseExact(
            zoneName < 0 ? text : text[..zoneName], "ddd MMM dd yyyy HH:mm:ss 'GMT'zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
            ? Moment(moment)
            : null;
    }

    private static ToldTime? Rfc3339(string text)
    {
        if (text.Length < "2026-01-01T12:00:30".Length || text[4] != '-' || text[7] != '-' || text[10] is not ('T' or 't' or ' '))
            return null;
        // A fraction, even of zeros, shows that the time was not truncated to seconds. Nanoseconds, as Go prints them, are more than an exact format accepts.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? new ToldTime(moment, IsWholeSecond: !text.Contains('.'))
            : null;
    }

    /// <summary>The units from large to small, each at most once.</summary>
    private static ToldTime? Duration(ReadOnlySpan<char> text)
    {
        var (seconds, last) = (0d, double.MaxValue);
        while (text.Length > 0)
        {
            var digits = text.IndexOfAnyExcept(NumberCharacters);
            if (digits < 1 || NumberOf(text[..digits]) is not { } number)
                return null;

            var letters = text[digits..].IndexOfAny(NumberCharacters);
            var unit = letters < 0 ? text[digits..] : text.Slice(digits, letters);
            var scale = SecondsIn(unit.Trim());
            if (scale <= 0 || scale >= last)
                return null;
            (seconds, last) = (seconds + (number * scale), scale);
            text = text[(digits + unit.Length)..];
        }

        return Wait(seconds, isExact: !double.IsInteger(seconds) || last < 1);
    }

    private static double SecondsIn(ReadOnlySpan<char> unit)
    {
        Span<char> lower = stackalloc char["seconds".Length];
        return unit.Length <= lower.Length && unit.ToLowerInvariant(lower) is var length and > 0
            ? lower[..length] switch
            {
                "d" or "day" or "days" => 86_400,
                "h" or "hour" or "hours" => 3_600,
                "m" or "min" or "minute" or "minutes" => 60,
                "s" or "sec" or "second" or "seconds" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                "ns" => 1e-9,
                _ => 0,
            }
            : 0;
    }
}
