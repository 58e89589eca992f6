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
    [InlineData("Thu, 01 Jan 2026 12:00:30 GMT", 30)]
    [InlineData("Thursday, 01-Jan-26 12:00:30 GMT", 30)]
    [InlineData("Thu Jan  1 12:00:30 2026", 30)]
    [InlineData("Thu, 01 Jan 2026 11:00:00 GMT", 0)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 0)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86_400)]
    public void It_is_seconds_or_a_date_and_at_most_a_day(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryAfter.Parse(text, Now));

    [Theory]
    [InlineData(null)]
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
    [InlineData("2026-01-01T12:00:30Z")]
    [InlineData("Thu, 32 Jan 2026 12:00:30 GMT")]
    public void Anything_else_is_ignored(string? text) => Assert.Null(RetryAfter.Parse(text, Now));
}
