using CsCheck;
using JobService.Jobs;

namespace JobService.Tests.Jobs;

public sealed class RetryPolicyTests
{
    private static readonly Gen<RetryPolicy> policies = Gen.Select(Gen.Double[0, 86_400], Gen.Double[0, 1], (shortest, part) =>
        new RetryPolicy { BaseSeconds = shortest, MaxSeconds = shortest + (part * (604_800 - shortest)) });

    [Fact]
    public void The_wait_lies_between_the_base_and_the_maximum() => Gen.Select(policies, Gen.Int[1, 1_000], Gen.Double[0, 0.999_999]).Sample(
        (policy, failures, chance) => Assert.InRange(policy.WaitAfter(failures, chance).TotalSeconds, policy.BaseSeconds - 1e-6, policy.MaxSeconds + 1e-6));

    [Fact]
    public void More_failures_never_shorten_the_wait() => Gen.Select(policies, Gen.Int[1, 200], Gen.Double[0, 0.999_999]).Sample(
        (policy, failures, chance) => Assert.True(policy.WaitAfter(failures, chance) <= policy.WaitAfter(failures + 1, chance)));

    [Fact]
    public void Chance_spreads_the_waits()
    {
        var policy = new RetryPolicy { BaseSeconds = 2, MaxSeconds = 300 };
        Assert.Equal(TimeSpan.FromSeconds(2), policy.WaitAfter(1, 0));
        Assert.Equal(TimeSpan.FromSeconds(4), policy.WaitAfter(1, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(10), policy.WaitAfter(2, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(151), policy.WaitAfter(50, 0.5));
    }

    [Fact]
    public void Without_a_base_there_is_no_wait() =>
        Assert.Equal(TimeSpan.Zero, new RetryPolicy { BaseSeconds = 0, MaxSeconds = 0 }.WaitAfter(7, 0.9));
}
