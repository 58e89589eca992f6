using JobService.Ledger;

namespace JobService.Tests.Storage;

public sealed class StartMeterTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Begin = 1_000_000 * Second;

    [Fact]
    public void It_tells_the_starts_of_a_second() =>
        Assert.Equal(50, After(seconds: 20, perSecond: 50).PerSecond(Begin + (20 * Second)), tolerance: 1);

    [Fact]
    public void A_young_meter_is_not_watered_down() =>
        Assert.Equal(50, After(seconds: 2, perSecond: 50).PerSecond(Begin + (2 * Second)), tolerance: 1);

    [Fact]
    public void What_is_longer_ago_than_ten_seconds_is_forgotten()
    {
        var meter = After(seconds: 5, perSecond: 10);

        Assert.Equal(0, meter.PerSecond(Begin + (30 * Second)));
        meter.Count(Begin + (30 * Second));
        Assert.Equal(1, meter.PerSecond(Begin + (30 * Second)));
    }

    [Fact]
    public void Nothing_started_is_nothing_a_second() => Assert.Equal(0, new StartMeter().PerSecond(Begin));

    private static StartMeter After(int seconds, int perSecond)
    {
        var meter = new StartMeter();
        for (var start = 0; start < seconds * perSecond; start++)
            meter.Count(Begin + (start * Second / perSecond));
        return meter;
    }
}
