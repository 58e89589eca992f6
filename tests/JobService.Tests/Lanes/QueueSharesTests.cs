using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>Queues that name the same limit share it by their shares, whatever they hold.</summary>
public sealed class QueueSharesTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const int Starts = 1_000;

    private readonly PlannerModel model = new();

    public static TheoryData<LimitDefinition, int, int> FullQueues()
    {
        var cases = new TheoryData<LimitDefinition, int, int>();
        foreach (var (fast, slow) in (ReadOnlySpan<(int, int)>)[(1, 1), (1, 100), (100, 1), (7, 30)])
        {
            cases.Add(new RateDefinition { Permits = 100 }, fast, slow);
            cases.Add(new WindowDefinition { Permits = 50, PeriodSeconds = 0.5 }, fast, slow);
            cases.Add(new ConcurrencyDefinition { Permits = 3 }, fast, slow);
            cases.Add(new RateDefinition { Permits = 100, Scope = LimitScope.PerKey }, 1, 1);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(FullQueues))]
    public void Two_full_queues_start_by_their_shares_however_many_keys_they_have(LimitDefinition limit, int keysOfFast, int keysOfSlow)
    {
        Fill(limit, keysOfFast, keysOfSlow);

        RunUntilStarted(Starts);

        AssertRatio(9);
    }

    [Fact]
    public void The_share_is_one_of_what_the_limit_counts()
    {
        // Jobs of the fast queue weigh ten times as much, which is nothing to a limit that counts calls.
        Fill(new RateDefinition { Permits = 100, Counts = LimitDefinition.Calls }, 3, 3, weightOfFast: 10);
        RunUntilStarted(Starts);
        AssertRatio(9);

        var others = new QueueSharesTests();
        others.Fill(new WindowDefinition { Permits = 100, PeriodSeconds = 0.1, Counts = "tokens" }, 3, 3, tokensOfSlow: 3);
        others.RunUntilStarted(Starts);
        others.AssertRatio(27);
    }

    [Fact]
    public void A_queue_that_could_start_nothing_for_a_while_has_saved_nothing_up()
    {
        Fill(new RateDefinition { Permits = 100 }, 2, 2);
        model.PutQueue("fast", ["shared"], paused: true, share: 9);
        RunUntilStarted(Starts);
        model.Claims.Clear();

        model.PutQueue("fast", ["shared"], share: 9);
        RunUntilStarted(Starts);

        AssertRatio(9);
    }

    [Fact]
    public void A_share_that_is_raised_counts_at_once()
    {
        Fill(new RateDefinition { Permits = 100 }, 2, 2);
        model.PutQueue("fast", ["shared"], share: 0.001);
        RunUntilStarted(20);
        model.Claims.Clear();

        model.PutQueue("fast", ["shared"], share: 9);
        RunUntilStarted(Starts);

        AssertRatio(9);
    }

    [Fact]
    public void What_a_queue_has_had_counts_no_more_when_the_limit_counts_something_else()
    {
        Fill(new WindowDefinition { Permits = 100_000, PeriodSeconds = 0.1 }, 2, 2, weightOfFast: 1, tokensOfSlow: 50_000);
        model.PutLimit("shared", new WindowDefinition { Permits = 100_000, PeriodSeconds = 0.1, Counts = "tokens" });
        RunUntilStarted(20);
        model.Claims.Clear();

        model.PutLimit("shared", new RateDefinition { Permits = 100, Counts = LimitDefinition.Calls });
        RunUntilStarted(Starts);

        AssertRatio(9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void The_moment_named_for_a_job_looks_at_the_other_queue_too(int keys)
    {
        model.PutRate("shared", 100);
        model.PutQueue("fast", ["shared"], share: 3);
        model.PutQueue("slow", ["shared"]);
        for (var key = 0; key < keys; key++)
            model.Add("fast", $"{key}", count: 2_000 / keys);
        model.Add("slow", count: 100);
        RunUntilStarted(40);
        var started = model.Claims.Count(claim => claim.Queue == "slow");

        var named = Enumerable.Range(0, 50).Select(ahead => model.Planner.Explain("slow", "", weight: 1, weights: null, new JobsAhead(ahead, ahead), model.Now).Until!.Value).ToList();
        RunUntilStarted(400);

        var slots = model.Claims.Where(claim => claim.Queue == "slow").Skip(started).Select(claim => claim.Slot!.Value).Take(named.Count).ToList();
        Assert.Equal(named.Count, slots.Count);
        // A turn of all shares: four slots.
        Assert.All(named.Zip(slots), pair => Assert.InRange(pair.Second - pair.First, -4 * Second / 100, 4 * Second / 100));
    }

    private void Fill(LimitDefinition limit, int keysOfFast, int keysOfSlow, int weightOfFast = 1, int tokensOfSlow = 1)
    {
        model.PutLimit("shared", limit);
        model.PutQueue("slow", ["shared"], size: 100_000);
        model.PutQueue("fast", ["shared"], size: 100_000, share: 9);
        for (var key = 0; key < keysOfSlow; key++)
            model.Add("slow", $"{key}", count: 2 * Starts / keysOfSlow, weights: new() { ["tokens"] = tokensOfSlow });
        for (var key = 0; key < keysOfFast; key++)
            model.Add("fast", $"{key}", count: 2 * Starts / keysOfFast, weightOfFast, new() { ["tokens"] = 1 });
    }

    /// <summary>Calls take no time.</summary>
    private void RunUntilStarted(int count)
    {
        for (var rounds = 0; model.Claims.Count < count; rounds++)
        {
            Assert.True(rounds < 100_000, "It stands still.");
            model.Run().ForEach(model.End);
            model.Now = Math.Max(model.Now + 1, Math.Min(model.Planner.NextWake, model.Now + Second));
        }
    }

    private void AssertRatio(double wanted)
    {
        var counts = model.Claims.CountBy(claim => claim.Queue).ToDictionary();
        Assert.InRange((double)counts["fast"] / counts["slow"], wanted * 0.98, wanted * 1.02);
    }
}
