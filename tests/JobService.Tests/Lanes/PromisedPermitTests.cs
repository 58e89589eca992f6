using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>Rounds that may use permits which are not back yet. A slot is looked for from 1 ms to 20 ms after now.</summary>
public sealed class PromisedPermitTests
{
    private const long Millisecond = PlannerModel.Millisecond;

    private readonly PlannerModel model = new();

    [Fact]
    public void The_slot_of_a_job_that_is_promised_a_permit_begins_a_quarter_of_its_window_before_the_permit_is_expected()
    {
        model.PutRate("rate", 500);
        model.PutQueue("q", ["rate"], size: 1);
        model.Add("q", count: 3);
        var expectedAt = model.Now + (8 * Millisecond);
        model.ExpectPermits("q", expectedAt, expectedAt + (Millisecond / 2));

        var claims = model.Run();

        Assert.Null(claims[0].PermitAt);
        Assert.Equal([expectedAt, expectedAt + (Millisecond / 2)], claims.Skip(1).Select(claim => claim.PermitAt!.Value));
        var begin = expectedAt - (long)(2.5 * Millisecond / 4);
        Assert.Equal([begin, begin + (2 * Millisecond)], claims.Skip(1).Select(claim => claim.Slot!.Value));
    }

    [Fact]
    public void Without_limits_a_promise_is_as_good_as_a_permit()
    {
        model.PutQueue("q", [], size: 1);
        model.Add("q", count: 5);
        model.ExpectPermits("q", model.Now + (3 * Millisecond), model.Now + (30 * Millisecond));

        Assert.Equal([null, model.Now + (3 * Millisecond)], model.Run().Select(claim => claim.PermitAt));
    }

    [Fact]
    public void Where_a_limit_counts_calls_nothing_is_claimed_ahead()
    {
        model.PutConcurrency("db", 8);
        model.PutRate("rate", 500);
        model.PutQueue("q", ["db", "rate"], size: 1);
        model.Add("q", count: 3);
        model.ExpectPermits("q", model.Now + (3 * Millisecond));

        Assert.Null(Assert.Single(model.Run()).PermitAt);
        Assert.Equal(LimitState.Never, model.Planner.NextWake); // the end of the call tells
    }

    [Fact]
    public void Where_another_queue_shares_a_limit_nothing_is_claimed_ahead()
    {
        model.PutRate("rate", 500);
        model.PutQueue("q", ["rate"], size: 1);
        model.PutQueue("other", ["rate"]);
        model.Add("q", count: 3);
        model.ExpectPermits("q", model.Now + (3 * Millisecond));
        Assert.Null(Assert.Single(model.Run()).PermitAt);

        model.Planner.RemoveQueue("other");
        model.Add("q");
        Assert.NotNull(Assert.Single(model.Run()).PermitAt);
    }

    [Fact]
    public void It_asks_again_when_the_next_permit_comes_into_reach()
    {
        model.PutQueue("q", [], size: 0);
        model.Add("q");
        var expectedAt = model.Now + (50 * Millisecond);
        model.ExpectPermits("q", expectedAt);

        Assert.Empty(model.Run());

        Assert.Equal(expectedAt - (10 * Millisecond), model.Planner.NextWake);
        model.Now = model.Planner.NextWake;
        Assert.Equal(expectedAt, Assert.Single(model.Run()).PermitAt);
        Assert.Equal(LimitState.Never, model.Planner.NextWake);
    }

    [Fact]
    public void Promises_that_the_limits_leave_no_use_for_are_given_back()
    {
        model.PutRate("rate", 20);
        model.PutQueue("q", ["rate"], size: 0);
        model.Add("q", count: 3);
        model.ExpectPermits("q", model.Now + (2 * Millisecond), model.Now + (4 * Millisecond));
        Assert.Single(model.Run());

        // The other one is still to be had, by somebody whom the limit does not hold up.
        model.PutQueue("q", [], size: 0);
        Assert.Equal(model.Now + (4 * Millisecond), Assert.Single(model.Run()).PermitAt);
    }
}
