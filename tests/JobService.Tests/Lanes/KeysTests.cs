using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>Limits with a state for each key, and fairness between keys.</summary>
public sealed class KeysTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    private readonly PlannerModel model = new();

    [Fact]
    public void Each_key_has_a_limit_of_its_own()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("q", ["own"]);
        foreach (var key in Enumerable.Range(0, 50))
            model.Add("q", $"{key}", count: 100);

        model.RunUntil(model.Now + Second);

        Assert.All(model.Claims.CountBy(claim => claim.Key), key => Assert.InRange(key.Value, 10, 11));
        Assert.All(model.Claims.GroupBy(claim => claim.Key, claim => claim.Slot!.Value), slots =>
            Assert.All(slots.Zip(slots.Skip(1)), pair => Assert.True(pair.Second - pair.First >= Second / 10)));
    }

    [Fact]
    public void Who_waits_for_its_own_limit_holds_up_nobody_at_a_shared_one()
    {
        model.PutRate("own", 1, scope: LimitScope.PerKey);
        model.PutRate("all", 100);
        model.PutQueue("q", ["all", "own"]);
        model.Add("q", "slow", count: 100);
        foreach (var key in Enumerable.Range(0, 90))
            model.Add("q", $"{key}");

        model.RunUntil(model.Now + Second);

        Assert.Equal(90, model.Claims.Count(claim => claim.Key != "slow"));
        Assert.InRange(model.Claims.Count(claim => claim.Key == "slow"), 1, 2);
    }

    [Fact]
    public void A_quiet_key_waits_one_slot_for_each_other_key_however_much_they_have_waiting()
    {
        model.PutRate("all", 100);
        model.PutQueue("q", ["all"], size: 100_000);
        for (var key = 0; key < 9; key++)
            model.Add("q", $"busy {key}", count: 1_000);
        model.RunUntil(model.Now + Second);

        for (var i = 0; i < 10; i++)
        {
            var cameAt = model.Now;
            model.Add("q", "quiet");
            model.RunUntil(model.Now + Second);

            var waited = model.Claims.Last(claim => claim.Key == "quiet").Slot!.Value - cameAt;
            Assert.InRange(waited, 0, (20 * PlannerModel.Millisecond) + (10 * Second / 100));
        }
    }

    [Fact]
    public void Keys_share_by_their_shares()
    {
        model.PutRate("all", 100);
        model.PutQueue("q", ["all"], size: 100_000, shares: new() { ["gold"] = 4, ["tin"] = 0.5 });
        string[] keys = ["gold", "tin", "a", "b", "c"];
        foreach (var key in keys)
            model.Add("q", key, count: 10_000);

        model.RunUntil(model.Now + (75 * Second));

        var counts = model.Claims.CountBy(claim => claim.Key).ToDictionary();
        Assert.InRange(counts["gold"], 4 * 0.95 * counts["a"], 4 * 1.05 * counts["a"]);
        Assert.InRange(counts["tin"], 0.5 * 0.95 * counts["a"], 0.5 * 1.05 * counts["a"]);
        Assert.InRange(counts["b"], counts["c"] - 1, counts["c"] + 1);
    }

    [Fact]
    public void Keys_share_by_their_shares_where_only_the_queues_width_is_scarce()
    {
        model.PutQueue("q", [], size: 5, shares: new() { ["gold"] = 4 });
        model.Add("q", "gold", count: 1_000);
        model.Add("q", "plain", count: 1_000);

        for (var i = 0; i < 200; i++)
        {
            foreach (var claim in model.Run())
                model.End(claim);
        }

        var counts = model.Claims.CountBy(claim => claim.Key).ToDictionary();
        Assert.InRange((double)counts["gold"] / counts["plain"], 3.8, 4.2);
    }

    [Fact]
    public void Two_queues_take_turns_at_the_limit_of_a_key()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("a", ["own"]);
        model.PutQueue("b", ["own"]);
        model.Add("a", "busy elsewhere", count: 200);
        model.RunUntil(model.Now + (10 * Second));
        var before = model.Claims.Count;
        model.Add("a", "k", count: 100);
        model.Add("b", "k", count: 100);

        model.RunUntil(model.Now + (4 * Second));

        var counts = model.Claims.Skip(before).Where(claim => claim.Key == "k").CountBy(claim => claim.Queue).ToDictionary();
        Assert.InRange(counts["a"], 19, 22);
        Assert.InRange(counts["b"], 19, 22);
    }

    [Fact]
    public void A_paused_queue_does_not_keep_a_keys_limit_from_the_other_queue()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("a", ["own"]);
        model.PutQueue("b", ["own"]);
        model.Add("a", "k", count: 5);
        model.Add("b", "k", count: 5);
        model.Run();
        model.PutQueue("a", ["own"], paused: true);

        model.RunUntil(model.Now + (2 * Second));
        Assert.Equal(5, model.Claims.Count(claim => claim.Queue == "b"));

        model.PutQueue("a", ["own"]);
        model.RunUntil(model.Now + (2 * Second));
        Assert.Equal(0, model.WaitingCount);
    }

    [Fact]
    public void A_queue_without_permits_does_not_keep_a_keys_limit_from_the_other_queue()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("stuck", ["own"], size: 2);
        model.PutQueue("free", ["own"]);
        model.Add("stuck", "k", count: 2);
        model.Run();
        model.Run();
        model.Add("stuck", "other"); // its last permit, while the key waits for its limit
        model.Run();
        Assert.Equal(2, model.Claims.Count);

        model.Add("free", "k", count: 5);
        model.RunUntil(model.Now + Second);
        Assert.Equal(5, model.Claims.Count(claim => claim.Queue == "free"));

        model.GivePermits("stuck", 1);
        model.RunUntil(model.Now + Second);
        Assert.Equal(0, model.WaitingCount);
    }

    [Fact]
    public void The_states_of_keys_that_rest_are_forgotten()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("q", ["own"], size: 10_000);
        for (var key = 0; key < 5_000; key++)
            model.Add("q", $"{key}");
        model.RunUntil(model.Now + (10 * PlannerModel.Millisecond));
        Assert.Equal(5_000, model.Planner.StatesOf("own").Count);

        model.Now += Second;
        model.Run();
        model.Planner.ForgetResting(model.Now);
        model.Planner.ForgetResting(model.Now);

        Assert.Empty(model.Planner.StatesOf("own"));
        Assert.Equal(5_000, model.Claims.Count);
    }

    [Fact]
    public void Many_keys_behind_one_limit_cost_no_look_each()
    {
        const int Keys = 20_000;
        model.PutRate("all", 100);
        model.PutQueue("q", ["all"], paused: true);
        for (var key = 0; key < Keys; key++)
            model.Add("q", $"{key}", count: 2);
        model.PutQueue("q", ["all"], size: 100_000);

        model.RunUntil(model.Now + Second);

        Assert.InRange(model.Claims.Count, 99, 103);
        // One for each start, and some for heads that were asked too early.
        Assert.InRange(model.Looks, 99, 400);
    }

    [Fact]
    public void Many_keys_behind_limits_of_their_own_are_woken_one_by_one()
    {
        const int Keys = 20_000;
        model.PutRate("own", 1, scope: LimitScope.PerKey);
        model.PutQueue("q", ["own"], size: 3 * Keys);
        for (var key = 0; key < Keys; key++)
            model.Add("q", $"{key}", count: 2);

        model.RunUntil(model.Now + (2 * Second));

        Assert.Equal(2 * Keys, model.Claims.Count);
        Assert.InRange(model.Looks, Keys, 5 * Keys);
    }

    [Fact]
    public void Many_keys_that_come_due_together_are_taken_up_over_several_rounds()
    {
        const int Keys = 20_000;
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("q", ["own"], size: 3 * Keys);
        for (var key = 0; key < Keys; key++)
            model.Add("q", $"{key}", count: 2);
        model.RunUntil(model.Now + (50 * PlannerModel.Millisecond));
        var until = model.Now + Second;
        model.Planner.ApplyFeedback("q", "0", model.Claims[0].Hold!, model.Now, new CallFeedback { CircuitOpen = true, NotBefore = new DateTimeOffset(until, TimeSpan.Zero) }, model.Now);
        model.RunUntil(until - 1);
        Assert.Equal(Keys, CountWaiting());

        model.Now = until;
        model.Run();

        Assert.InRange(Keys - CountWaiting(), 512, 2_048);
        model.RunUntil(until + Second);
        Assert.Equal(2 * Keys, model.Claims.Count);

        int CountWaiting() => model.Planner.StatesOf("own").Count(line => !line.IsEmpty);
    }

    [Fact]
    public void Many_keys_that_are_paused_until_one_moment_are_taken_up_over_several_rounds()
    {
        const int Keys = 20_000;
        var until = model.Now + Second;
        model.PutQueue("q", [], size: 2 * Keys);
        for (var key = 0; key < Keys; key++)
        {
            model.Add("q", $"{key}");
            model.Planner.RestoreLane("q", $"{key}", new StoredLane(until, Pace: null, SlowedAt: 0));
        }

        model.RunUntil(until - 1);
        model.Now = until;
        model.Run();

        var ready = model.Claims[0].Hold!.Lane.Queue.Ready.Lanes;
        Assert.InRange(ready.Count() + model.Claims.Count, 512, 2_048);
        model.RunUntil(until);
        Assert.Equal(Keys, model.Claims.Count);
    }
}
