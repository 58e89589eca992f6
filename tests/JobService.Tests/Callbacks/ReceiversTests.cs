using JobService.Callbacks;
using JobService.Jobs;

namespace JobService.Tests.Callbacks;

/// <summary>Whose turn it is.</summary>
public sealed class ReceiversTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly Receivers receivers = new(maxPerReceiver: 2, maxInHand: 3);

    [Fact]
    public void Whoever_has_least_in_hand_goes_first_then_who_waits_longest()
    {
        receivers.Enter("busy", Id(1));
        receivers.Expect("busy", Noon.AddSeconds(-9));
        receivers.Expect("late", Noon.AddSeconds(-1));
        receivers.Expect("early", Noon.AddSeconds(-2));
        receivers.Expect("tomorrow", Noon.AddDays(1));

        Assert.Equal(["early", "late", "busy", null], Enumerable.Range(0, 4).Select(_ => receivers.TakeNext(Noon, out var _, out var _)));
    }

    [Fact]
    public void A_receiver_with_its_hands_full_waits_for_the_end_of_one()
    {
        receivers.Enter("a", Id(1));
        receivers.Enter("a", Id(2));
        receivers.Expect("a", Noon);
        Assert.Null(receivers.TakeNext(Noon, out var _, out var _));
        Assert.Null(receivers.NextAt(out var change));

        receivers.Leave("a", Id(1), answered: true, Noon);

        Assert.True(change.IsCompleted);
        Assert.Equal("a", receivers.TakeNext(Noon, out var known, out var room));
        Assert.Equal((Id(2), 1), (Assert.Single(known), room));
    }

    [Fact]
    public void With_all_hands_full_nobody_is_next_until_one_is_free()
    {
        receivers.Enter("a", Id(1));
        receivers.Enter("b", Id(2));
        receivers.Expect("c", Noon);
        receivers.TakeNext(Noon, out var _, out var room);
        Assert.Equal(1, room);

        receivers.Enter("c", Id(3));
        receivers.Expect("c", Noon);
        Assert.Null(receivers.TakeNext(Noon, out var _, out var _));
        Assert.Null(receivers.NextAt(out var change));

        receivers.Leave("a", Id(1), answered: true, Noon);
        Assert.True(change.IsCompleted);
        Assert.Equal("a", receivers.TakeNext(Noon, out var _, out var _));
        Assert.Equal("c", receivers.TakeNext(Noon, out var _, out var _));
    }

    [Fact]
    public void A_silent_receiver_gets_one_at_a_time_until_it_answers()
    {
        receivers.Enter("a", Id(1));
        receivers.Leave("a", Id(1), answered: false, Noon);
        receivers.TakeNext(Noon, out var _, out var room);
        Assert.Equal(1, room);

        receivers.Enter("a", Id(2));
        receivers.Leave("a", Id(2), answered: true, Noon);
        receivers.TakeNext(Noon, out var _, out room);
        Assert.Equal(2, room);
    }

    [Fact]
    public void News_that_come_while_the_store_is_asked_are_not_lost()
    {
        receivers.Expect("a", Noon);
        receivers.TakeNext(Noon, out var _, out var _);
        receivers.Expect("a", Noon);
        receivers.ForgetIdle("a");

        Assert.Equal(Noon, receivers.NextAt(out var _));
    }

    [Fact]
    public void A_receiver_with_nothing_more_is_forgotten()
    {
        receivers.Expect("a", Noon);
        receivers.TakeNext(Noon, out var _, out var _);
        receivers.Enter("a", Id(1));
        receivers.ForgetIdle("a");
        Assert.Equal(1, receivers.Count);

        receivers.Leave("a", Id(1), answered: true, Noon);
        receivers.TakeNext(Noon, out var _, out var _);
        receivers.ForgetIdle("a");
        Assert.Equal(0, receivers.Count);
    }

    private static JobId Id(int number) => JobId.FromParts(number, 0);
}
