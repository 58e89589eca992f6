using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class LimitRulesTests
{
    [Theory]
    [InlineData(0.0009)]
    [InlineData(2_592_001)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_window_has_the_periods_of_a_rate(double periodSeconds) =>
        Assert.Equal("/periodSeconds", Assert.Single(LimitRules.Check(new WindowDefinition { Permits = 1, PeriodSeconds = periodSeconds })).Pointer);

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_001)]
    public void A_window_has_the_permits_of_every_limit(int permits) =>
        Assert.Equal("/permits", Assert.Single(LimitRules.Check(new WindowDefinition { Permits = permits })).Pointer);

    [Theory]
    [InlineData(12_167, 1)]
    [InlineData(1_000_000, 82)]
    public void A_burst_is_no_more_than_a_slow_pace_can_pay_back(int burst, int permits)
    {
        var refused = new RateDefinition { Permits = permits, PeriodSeconds = 2_592_000, Burst = burst };
        Assert.Equal("/burst", Assert.Single(LimitRules.Check(refused)).Pointer);

        // Whatever was stored before: what it says of itself is what it hands out.
        Assert.Equal(refused.LargestBurst, refused.MaxWeight);
        Assert.Equal(refused.MaxWeight, new RateLimit(refused).Available(now: 0));
        Assert.Equal(0, new RateLimit(refused).EarliestAt(0, refused.MaxWeight));
        Assert.Empty(LimitRules.Check(refused with { Burst = refused.LargestBurst }));
    }

    [Fact]
    public void What_a_call_has_cost_is_nothing_to_calls_at_once() =>
        Assert.Equal("/weightFrom", Assert.Single(LimitRules.Check(new ConcurrencyDefinition { Permits = 1, WeightFrom = "usage" })).Pointer);

    [Theory]
    [InlineData(LimitScope.Shared)]
    [InlineData(LimitScope.PerKey)]
    public void Every_kind_may_be_per_key(LimitScope scope)
    {
        Assert.Empty(LimitRules.Check(new WindowDefinition { Permits = 1, Scope = scope }));
        Assert.Empty(LimitRules.Check(new RateDefinition { Permits = 1, Scope = scope }));
        Assert.Empty(LimitRules.Check(new ConcurrencyDefinition { Permits = 1, Scope = scope }));
    }
}
