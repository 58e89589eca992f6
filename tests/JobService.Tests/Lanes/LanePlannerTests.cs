using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

public sealed class LanePlannerTests
{
    private readonly PlannerModel model = new();

    [Fact]
    public void Lanes_take_turns_however_much_one_of_them_has_waiting()
    {
        model.PutQueue("q", [], size: 4);
        model.Add("q", "many", count: 100);
        model.Add("q", "few", count: 2);

        Assert.Equal(["few", "few", "many", "many"], model.Run().Select(claim => claim.Key).Order());
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "b c")]
    [InlineData(2, "c d e")]
    [InlineData(9, "")]
    public void Lanes_whose_turn_is_next_are_expected(int permits, string keys)
    {
        model.PutQueue("q", [], size: permits);
        foreach (var key in new[] { "a", "b", "c", "d", "e" })
            model.Add("q", key);

        Assert.Equal(Math.Min(permits, 5), model.Run().Count);

        Assert.Equal(keys, string.Join(' ', model.Expected));
    }

    [Fact]
    public void Lanes_that_are_next_at_a_limit_are_expected()
    {
        model.PutRate("rate", 100);
        model.PutQueue("q", ["rate"]);
        foreach (var key in new[] { "a", "b", "c", "d", "e", "f", "g" })
            model.Add("q", key);

        Assert.Equal(["a", "b"], model.Run().Select(claim => claim.Key));

        Assert.Equal("c d e f", string.Join(' ', model.Expected));
    }

    [Fact]
    public void A_queue_that_comes_later_shares_a_limit_and_does_not_catch_up_first()
    {
        model.PutRate("rate", 100);
        model.PutQueue("old", ["rate"]);
        model.PutQueue("new", ["rate"]);
        model.Add("old", count: 400);
        model.RunUntil(model.Now + (2_000 * PlannerModel.Millisecond));
        var before = model.Claims.Count;

        // The one that was there first has no permits at the moment when the other comes.
        model.GivePermits("old", -1_000);
        model.RunUntil(model.Now + (50 * PlannerModel.Millisecond));
        model.Add("new", count: 400);
        model.Run();
        model.GivePermits("old", 1_000);
        model.RunUntil(model.Now + (400 * PlannerModel.Millisecond));

        var shares = model.Claims.Skip(before).CountBy(claim => claim.Queue).ToDictionary();
        Assert.InRange(shares.GetValueOrDefault("old"), shares["new"] - 4, shares["new"] + 1);
    }

    [Fact]
    public void Nobody_is_overtaken_at_a_limit_that_is_shared()
    {
        model.PutConcurrency("db", 4);
        model.PutQueue("a", ["db"]);
        model.PutQueue("b", ["db"]);
        model.Add("b", "running", count: 2);
        var running = model.Run();
        model.Add("a", "heavy", weight: 4);
        model.Run();

        model.Add("b", "light");
        Assert.Empty(model.Run());
        model.End(running[0]);
        Assert.Empty(model.Run());
        model.End(running[1]);
        Assert.Equal("heavy", Assert.Single(model.Run()).Key);
    }

    [Fact]
    public void A_permit_that_comes_back_moves_the_line()
    {
        model.PutConcurrency("db", 1);
        model.PutQueue("q", ["db"]);
        model.Add("q", count: 2);
        var first = Assert.Single(model.Run());
        Assert.Equal(LimitState.Never, model.Planner.NextWake);

        model.End(first);

        Assert.Equal(0, model.Planner.NextWake);
        Assert.Single(model.Run());
    }

    [Fact]
    public void A_paused_lane_waits_until_its_moment_and_the_others_go_on()
    {
        var until = model.Now + TimeSpan.TicksPerSecond;
        model.PutQueue("q", []);
        model.Add("q", "told to wait");
        model.Add("q", "other");

        model.Planner.RestoreLane("q", "told to wait", new StoredLane(until, Pace: null, SlowedAt: 0));
        Assert.Equal("other", Assert.Single(model.Run()).Key);

        Assert.Equal(until, model.Planner.NextWake);
        model.Now = until - 1;
        Assert.Empty(model.Run());
        model.Now = until;
        Assert.Equal("told to wait", Assert.Single(model.Run()).Key);
    }

    [Fact]
    public void A_queue_without_permits_does_not_hold_up_another_at_their_limit()
    {
        model.PutRate("rate", 100);
        model.PutQueue("stuck", ["rate"], size: 1);
        model.PutQueue("free", ["rate"]);
        model.Add("stuck", count: 50);
        model.Add("free", count: 50);

        model.RunUntil(model.Now + TimeSpan.TicksPerSecond);

        Assert.Equal((1, 50), (model.Claims.Count(claim => claim.Queue == "stuck"), model.Claims.Count(claim => claim.Queue == "free")));
    }

    [Fact]
    public void A_job_in_line_still_goes_when_its_limit_becomes_narrower_than_its_weight()
    {
        model.PutRate("tokens", 10, burst: 10);
        model.PutQueue("q", ["tokens"]);
        model.Add("q", weight: 10, count: 2);
        Assert.Single(model.Run());

        model.PutRate("tokens", 10, burst: 4);
        model.RunUntil(model.Now + (2 * TimeSpan.TicksPerSecond));

        Assert.Equal(2, model.Claims.Count);
    }

    [Fact]
    public void A_job_heavier_than_its_limit_takes_all_there_is()
    {
        model.PutConcurrency("db", 8);
        model.PutQueue("q", ["db"]);
        model.Add("q", weight: 8);
        model.PutConcurrency("db", 2);

        var heavy = Assert.Single(model.Run());
        Assert.Equal(2, model.Planner.StateOf("db", "").State.Taken(model.Now));
        model.End(heavy);
        Assert.Equal(0, model.Planner.StateOf("db", "").State.Taken(model.Now));
    }

    [Fact]
    public void A_heavy_job_that_has_left_keeps_no_place_in_the_line()
    {
        model.PutRate("hourly", 1, burst: 100);
        model.PutQueue("q", ["hourly"]);
        model.Add("q", "other", weight: 90);
        model.Add("q", "heavy", weight: 100);
        model.Run();
        model.Add("q", "light");
        Assert.Empty(model.Run());

        model.CancelHead("q", "heavy");

        Assert.Equal("light", Assert.Single(model.Run()).Key);
    }

    [Fact]
    public void Keys_that_come_once_are_not_remembered_for_ever()
    {
        model.PutQueue("q", []);
        for (var i = 0; i < LanePlanner.MaxIdleLanes + 50; i++)
        {
            model.Add("q", $"key {i}");
            model.Run().ForEach(model.End);
        }

        model.Run();
        Assert.InRange(model.Planner.LaneCount("q"), 0, LanePlanner.MaxIdleLanes);
    }

    [Fact]
    public void A_paused_queue_stands_in_nobodys_way()
    {
        model.PutConcurrency("db", 2);
        model.PutQueue("a", ["db"]);
        model.PutQueue("b", ["db"]);
        model.Add("b", "running");
        model.Run();
        model.Add("a", "heavy", weight: 2);
        model.Run();
        Assert.Equal(WaitReason.Concurrency, model.Planner.Explain("a", "heavy", weight: 2, weights: null, JobsAhead.None, model.Now).Reason);

        model.PutQueue("a", ["db"], paused: true);
        model.Add("b", "light");

        Assert.Equal("light", Assert.Single(model.Run()).Key);
        Assert.Equal(WaitReason.Paused, model.Planner.Explain("a", "heavy", weight: 2, weights: null, JobsAhead.None, model.Now).Reason);
    }

    [Fact]
    public void A_key_at_its_own_limit_goes_on_when_its_queue_is_held_no_more()
    {
        model.PutRate("own", 10, scope: LimitScope.PerKey);
        model.PutQueue("q", ["own"]);
        model.Add("q", "other");
        model.Add("q", "k", count: 2);
        var calls = model.Run();
        var until = model.Now + (3 * TimeSpan.TicksPerSecond);

        model.Planner.ApplyFeedback("q", "other", calls[0].Hold!, model.Now, new CallFeedback { CircuitOpen = true, NotBefore = new DateTimeOffset(until, TimeSpan.Zero) }, model.Now);
        model.RunUntil(until - 1);
        Assert.Equal(1, model.WaitingCount);

        model.RunUntil(until + TimeSpan.TicksPerSecond);
        Assert.Equal(0, model.WaitingCount);
    }

    [Fact]
    public void The_answer_of_a_call_that_weighed_something_else_moves_nothing_of_another_call_in_its_slot()
    {
        model.Planner.PutLimit("tokens", new WindowDefinition { Permits = 10 }, model.Now);
        model.PutQueue("q", ["tokens"]);
        model.Add("q", count: 2, weight: 5);
        var (first, second) = model.Run() is [var one, var other] ? (one, other) : throw new InvalidOperationException("Both fit.");
        Assert.Equal(first.Slot, second.Slot);
        var answeredAt = first.Slot!.Value + PlannerModel.Millisecond;

        model.Planner.Correct(first.Hold!, key: "", "tokens", trueWeight: 1, answeredAt);

        // What it has cost goes a period behind its response, what the other has taken not before its own.
        Assert.True(model.Planner.Responded(first.Hold!, answeredAt));
        var state = model.Planner.StateOf("tokens", "").State;
        Assert.Equal((6, 5), (state.Taken(answeredAt + TimeSpan.TicksPerSecond - 1), state.Taken(answeredAt + TimeSpan.TicksPerSecond)));
        Assert.True(model.Planner.Responded(second.Hold!, answeredAt));
        Assert.Equal(0, state.Taken(answeredAt + TimeSpan.TicksPerSecond));
    }

    [Fact]
    public void A_lane_that_backs_off_is_not_claimed_from_earlier_when_a_call_of_it_ends()
    {
        model.PutQueue("q", []);
        model.Add("q");
        var call = Assert.Single(model.Run());
        for (var i = 0; i < 20; i++)
            model.Planner.CameBackUnstarted("q", "", claimedAt: model.Now, ++model.Now);
        var until = model.Now + TimeSpan.FromSeconds(5).Ticks;
        model.Add("q");

        // It tells what is left, so that the lane is asked again.
        var feedback = new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, 5, new DateTimeOffset(model.Now + TimeSpan.TicksPerSecond, TimeSpan.Zero))] };
        model.Planner.ApplyFeedback("q", "", call.Hold!, model.Now, feedback, model.Now);
        model.RunUntil(until - 1);
        Assert.Single(model.Claims);

        model.RunUntil(until);
        Assert.Equal(2, model.Claims.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_call_of_before_a_limit_began_anew_moves_and_gives_back_nothing_of_it(bool isPutTwice)
    {
        var (day, window) = (model.Now, new WindowDefinition { Permits = 2, PeriodSeconds = 1 });
        model.PutLimit("window", window);
        model.PutQueue("q", ["window"]);
        model.Add("q");
        var former = Assert.Single(model.Run());

        model.PutLimit("window", window with { Scope = LimitScope.PerKey });
        if (isPutTwice)
            model.PutLimit("window", window);
        model.Add("q");
        Assert.Equal(former.Slot, Assert.Single(model.Run()).Slot);
        var state = model.Planner.StateOf("window", "").State;
        var earliest = state.EarliestAt(day, weight: 2);

        model.Planner.Postpone(former.Hold!, key: "", former.Slot!.Value + (50 * PlannerModel.Millisecond));
        model.Planner.Correct(former.Hold!, key: "", "window", trueWeight: 0, model.Now);
        Assert.Equal(earliest, state.EarliestAt(day, weight: 2));
    }
}
