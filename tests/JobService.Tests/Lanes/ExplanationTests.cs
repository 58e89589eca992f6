using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>What is said of a waiting job, against what then happens.</summary>
public sealed class ExplanationTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    private readonly PlannerModel model = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Each_job_at_a_rate_goes_at_the_moment_that_was_named(int keys)
    {
        model.PutRate("all", 100);
        model.PutQueue("q", ["all"], size: 100_000);
        for (var key = 0; key < keys; key++)
            model.Add("q", $"{key}", count: 50);
        model.Run();

        Compare(keys, "all", tolerance: keys * Second / 100);
    }

    [Fact]
    public void Each_job_goes_at_the_moment_its_own_limit_names_when_that_is_the_last_to_allow_it()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutRate("all", 1_000);
        model.PutQueue("q", ["own", "all"], size: 100_000);
        for (var key = 0; key < 3; key++)
            model.Add("q", $"{key}", count: 20);
        model.Run();

        Compare(keys: 3, "own", tolerance: 5 * Second / 1_000);
    }

    [Fact]
    public void Of_what_depends_on_the_ends_of_others_no_moment_is_named()
    {
        model.PutConcurrency("db", 2);
        model.PutQueue("q", ["db"]);
        model.Add("q", count: 5);
        model.Run();

        var stand = model.Planner.Explain("q", "", weight: 1, weights: null, new JobsAhead(1, 1), model.Now);

        Assert.Equal((WaitReason.Concurrency, "db", null), (stand.Reason, stand.Limit, stand.Until));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Calls_at_once_are_named_only_where_none_is_free_or_nothing_else_holds_the_others_back(bool isPaced)
    {
        if (isPaced)
            model.PutRate("pace", 10);
        model.PutConcurrency("width", 3);
        model.PutQueue("q", isPaced ? ["width", "pace"] : ["width"]);
        model.Add("q", count: 10);
        foreach (var claim in model.Run())
            model.End(claim);

        var stand = model.Planner.Explain("q", "", weight: 1, weights: null, new JobsAhead(6, 6), model.Now);

        Assert.Equal(isPaced ? (WaitReason.Limit, "pace") : (WaitReason.Concurrency, "width"), (stand.Reason, stand.Limit));
    }

    /// <summary>Asks for every job that waits, then lets all of them go.</summary>
    private void Compare(int keys, string limit, long tolerance)
    {
        var started = model.Claims.CountBy(claim => claim.Key).ToDictionary();
        var named = new Dictionary<(string Key, int Number), long>();
        foreach (var key in Enumerable.Range(0, keys).Select(key => $"{key}"))
        {
            var first = started.GetValueOrDefault(key);
            for (var ahead = 0; model.HasWaiting("q", key) && ahead < 15; ahead++)
            {
                var stand = model.Planner.Explain("q", key, weight: 1, weights: null, new JobsAhead(ahead, ahead), model.Now);
                Assert.Equal((WaitReason.Limit, limit), (stand.Reason, stand.Limit));
                named.Add((key, first + ahead), stand.Until!.Value);
            }
        }

        model.RunUntil(model.Now + (10 * Second));

        Assert.NotEmpty(named);
        foreach (var ((key, number), until) in named)
        {
            var slot = model.Claims.Where(claim => claim.Key == key).ElementAt(number).Slot!.Value;
            Assert.InRange(slot, until - tolerance, until + tolerance);
        }
    }
}
