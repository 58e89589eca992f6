using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>Lanes whose first jobs are not in memory when it is their turn.</summary>
public sealed class UnknownLaneTests
{
    private readonly PlannerModel model = new();

    [Fact]
    public void A_lane_that_is_not_known_is_overtaken_by_no_lane_of_its_queue()
    {
        model.PutQueue("q", []);
        model.Known["first"] = 0;
        model.Add("q", "first");
        model.Add("q", "second");

        Assert.Empty(model.Run());
        Assert.True(model.Planner.NextWake <= model.Now);
        Assert.Equal(["first", "second"], model.Expected);

        model.Known.Clear();
        Assert.Equal(["first", "second"], model.Run().Select(claim => claim.Key));
    }

    [Fact]
    public void A_lane_that_is_not_known_keeps_its_place_at_a_limit()
    {
        model.PutRate("rate", 100);
        model.PutQueue("q", ["rate"]);
        foreach (var key in new[] { "a", "b", "c" })
            model.Add("q", key, count: 4);
        List<string> keys = [];
        for (var round = 0; round < 40; round++)
        {
            model.Known["b"] = round % 2 * 4; // every other round
            model.Now += 5 * PlannerModel.Millisecond;
            keys.AddRange(model.Run().Select(claim => claim.Key));
        }

        Assert.Equal("a b c a b c a b c a b c", string.Join(' ', keys));
        Assert.Equal(keys.Count, model.Claims.Select(claim => claim.Slot).Distinct().Count());
    }

    [Fact]
    public void A_lane_that_is_not_known_holds_up_no_other_queue_at_a_limit()
    {
        model.PutRate("rate", 100);
        model.PutQueue("unknown", ["rate"]);
        model.PutQueue("known", ["rate"]);
        model.Known["?"] = 0;
        model.Add("unknown", "?", count: 50);
        model.Add("known", count: 50);

        for (var round = 0; round < 20; round++, model.Now += 10 * PlannerModel.Millisecond)
            model.Run();

        Assert.InRange(model.Claims.Count(claim => claim.Queue == "known"), 19, 23);
        Assert.DoesNotContain(model.Claims, claim => claim.Queue == "unknown");
    }

    [Fact]
    public void At_a_limit_of_its_own_a_lane_starts_in_the_round_in_which_it_is_known()
    {
        model.PutConcurrency("own", 1, LimitScope.PerKey);
        model.PutQueue("q", ["own"]);
        model.Add("q", "key", count: 3);
        var first = Assert.Single(model.Run());

        model.Known["key"] = 0;
        model.End(first);
        Assert.Empty(model.Run());
        Assert.Empty(model.Run());

        model.Known["key"] = 1;
        Assert.Single(model.Run());
        Assert.Empty(model.Run());
    }

    [Fact]
    public void Jobs_that_are_known_start_before_those_behind_them_are()
    {
        model.PutQueue("q", [], size: 10);
        model.Known["key"] = 2;
        model.Add("q", "key", count: 5);

        Assert.Equal(2, model.Run().Count);
        Assert.Empty(model.Run());
        Assert.True(model.Planner.NextWake <= model.Now);

        model.Known.Clear();
        Assert.Equal(3, model.Run().Count);
        Assert.True(model.Planner.NextWake > model.Now);
    }

    [Fact]
    public void Whether_a_lane_was_empty_is_known_when_a_job_arrives()
    {
        model.PutQueue("q", [], size: 1);
        Assert.True(model.Planner.Arrive("q", "key"));
        Assert.False(model.Planner.Arrive("q", "key"));
        model.Run(); // the model has none of them
        Assert.True(model.Planner.Arrive("q", "key"));
    }

    [Fact]
    public void A_lane_that_waits_for_its_moment_is_not_taken_for_an_empty_one()
    {
        model.PutQueue("q", []);
        model.Add("q", "key", count: 2);
        model.Planner.CameBackUnstarted("q", "key", model.Now, model.Now);
        Assert.False(model.Planner.Arrive("q", "key"));
        for (var back = 0; back < 6; back++)
            model.Planner.CameBackUnstarted("q", "key", model.Now++, model.Now);
        Assert.Empty(model.Run());

        Assert.False(model.Planner.Arrive("q", "key"));
    }
}
