using System.Globalization;
using JobService.Upstream;

namespace JobService.Tests.Upstream;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData(" 17 ", 17)]
    [InlineData("1.5", 1.5)]
    [InlineData("86400", 86_400)]
    [InlineData("86401", 86_400)]
    [InlineData("99999999999999999999999999", 86_400)]
    // as Go prints a duration
    [InlineData("3s", 3)]
    [InlineData("100ms", 0.1)]
    [InlineData("1m0.5s", 60.5)]
    // the three forms of an HTTP date
    [InlineData("Thu, 01 Jan 2026 12:00:30 GMT", 30)]
    [InlineData("Thursday, 01-Jan-26 12:00:30 GMT", 30)]
    [InlineData("Thu Jan  1 12:00:30 2026", 30)]
    [InlineData("Thu, 01 Jan 2026 11:00:00 GMT", 0)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 0)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86_400)]
    // seconds and milliseconds since 1970
    [InlineData("1767268830", 30)]
    [InlineData("1767268830.25", 30.25)]
    [InlineData("1767268830250", 30.25)]
    [InlineData("1767268000", 0)]
    [InlineData("999999999999", 86_400)]
    // RFC 3339, and what a Date of JavaScript or a time of Go or Python becomes
    [InlineData("2026-01-01T12:00:30Z", 30)]
    [InlineData("2026-01-01t12:00:30z", 30)]
    [InlineData("2026-01-01T12:00:30.123456789Z", 30.1234568)]
    [InlineData("2026-01-01T14:00:30.25+02:00", 30.25)]
    [InlineData("2026-01-01 12:00:30.25", 30.25)]
    [InlineData("Thu Jan 01 2026 12:00:30 GMT+0000 (Coordinated Universal Time)", 30)]
    [InlineData("Thu Jan 01 2026 13:00:30 GMT+0100 (Central European Standard Time)", 30)]
    [InlineData("Thu Jan 01 2026 12:00:30 GMT+0000", 30)]
    // doubled on the way
    [InlineData("5, 5", 5)]
    [InlineData("5,5", 5)]
    [InlineData("Thu, 01 Jan 2026 12:00:30 GMT, Thu, 01 Jan 2026 12:00:30 GMT", 30)]
    public void It_is_read_in_every_form_that_is_sent_and_at_most_a_day(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(Now, $"Retry-After: {text}"));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-5")]
    [InlineData("+5")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("soon")]
    [InlineData("1,5")]
    [InlineData("1, 2")]
    [InlineData("5 parsecs")]
    [InlineData("2026-01-01")]
    [InlineData("2026-13-01T12:00:30Z")]
    [InlineData("Thu, 32 Jan 2026 12:00:30 GMT")]
    public void Anything_else_is_ignored(string text) => Assert.Null(Read(Now, $"Retry-After: {text}"));

    [Theory]
    [InlineData(0.02, "retry-after-ms: 20")]
    [InlineData(1.5, "x-ms-retry-after-ms: 1500")]
    [InlineData(7.0, "Retry-After-short: 7")]
    [InlineData(9.0, "Retry-After-short: 7", "Retry-After-long: 9")]
    [InlineData(30.0, "X-RateLimit-Retry-After: 1767268830")]
    [InlineData(3.0, "X-Retry-After: 3")]
    [InlineData(0.1, "X-Retry-In: 100ms", "Retry-After: 0")] // cut
    [InlineData(0.5, "retry-after-ms: 500", "Retry-After: 1")] // rounded up
    [InlineData(30.0, "retry-after-ms: 500", "Retry-After: 30")] // not the same
    [InlineData(4.2, "retry-after-ms: 4200", "Retry-After: 4")]
    [InlineData(7.0, "Retry-After: 5", "Retry-After: 7")] // two limiters
    [InlineData(5.0, "Retry-After: 5", "Retry-After: soon")]
    [InlineData(null, "retry-after-ms: -20")]
    [InlineData(null, "retry-after-ms: 20ms")]
    [InlineData(null, "X-Should-Retry: true")]
    public void It_has_other_names_and_the_better_statement_counts(double? seconds, params string[] headers) =>
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, Read(Now, headers));

    [Theory]
    [InlineData(-600)]
    [InlineData(0)]
    [InlineData(600)]
    public void A_moment_counts_against_the_date_of_the_response(int ownClockIsAheadBy)
    {
        foreach (var moment in (string[])["Thu, 01 Jan 2026 12:00:05 GMT", "1767268805", "1767268805000", "2026-01-01T12:00:05Z"])
        {
            var wait = Read(Now.AddSeconds(ownClockIsAheadBy), $"Retry-After: {moment}", "Date: Thu, 01 Jan 2026 12:00:00 GMT");

            Assert.Equal(TimeSpan.FromSeconds(5), wait);
        }
    }

    [Theory]
    [InlineData("{0:r}")]
    [InlineData("{1}")]
    public void A_moment_in_whole_seconds_is_passed_late_and_never_early(string form)
    {
        // The API answers at any tenth of a second by its clock, and its Date is cut.
        for (var tenth = 0; tenth < 10; tenth++)
        {
            for (var seconds = 0; seconds < 3; seconds++)
            {
                var moment = Now.AddSeconds(seconds);
                var told = string.Format(CultureInfo.InvariantCulture, form, moment, moment.ToUnixTimeSeconds());

                var wait = Read(Now.AddSeconds(600), $"Retry-After: {told}", $"Date: {Now:r}");

                var early = moment - Now.AddSeconds(tenth / 10.0);
                Assert.InRange(wait!.Value, early > TimeSpan.Zero ? early : TimeSpan.FromTicks(1), early + TimeSpan.FromSeconds(2));
            }
        }
    }

    private static TimeSpan? Read(DateTimeOffset own, params string[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var header in headers)
            response.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return RetryAfter.Read(response.Headers, ResponseClock.Of(ServerClock.DateOf(response.Headers), own));
    }
}
