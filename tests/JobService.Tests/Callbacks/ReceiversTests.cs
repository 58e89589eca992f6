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
        foreach (var origin in (string[])["busy", "late", "early", "tomorrow"])
            Prove(origin);
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
        Prove("a");
        receivers.Enter("a", Id(1));
        receivers.Enter("a", Id(2));
        receivers.Expect("a", Noon);
        Assert.Null(receivers.TakeNext(Noon, out var _, out var _));
        Assert.Null(receivers.NextAt(out var change));

        receivers.Leave("a", Id(1), responded: true, Noon);

        Assert.True(change.IsCompleted);
        Assert.Equal("a", receivers.TakeNext(Noon, out var known, out var room));
        Assert.Equal((Id(2), 1), (Assert.Single(known), room));
    }

    [Fact]
    public void With_all_hands_full_nobody_is_next_until_one_is_free()
    {
        foreach (var origin in (string[])["a", "b", "c"])
            Prove(origin);
        receivers.Enter("a", Id(1));
        receivers.Enter("b", Id(2));
        receivers.Expect("c", Noon);
        receivers.TakeNext(Noon, out var _, out var room);
        Assert.Equal(1, room);

        receivers.Enter("c", Id(3));
        receivers.Expect("c", Noon);
        Assert.Null(receivers.TakeNext(Noon, out var _, out var _));
        Assert.Null(receivers.NextAt(out var change));

        receivers.Leave("a", Id(1), responded: true, Noon);
        Assert.True(change.IsCompleted);
        Assert.Equal("a", receivers.TakeNext(Noon, out var _, out var _));
        Assert.Equal("c", receivers.TakeNext(Noon, out var _, out var _));
    }

    [Fact]
    public void A_silent_receiver_gets_one_at_a_time_until_it_answers()
    {
        receivers.Enter("a", Id(1));
        receivers.Leave("a", Id(1), responded: false, Noon);
        receivers.TakeNext(Noon, out var _, out var room);
        Assert.Equal(1, room);

        receivers.Enter("a", Id(2));
        receivers.Leave("a", Id(2), responded: true, Noon);
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

        receivers.Leave("a", Id(1), responded: true, Noon);
        receivers.TakeNext(Noon, out var _, out var _);
        receivers.ForgetIdle("a");
        Assert.Equal(0, receivers.Count);
    }

    [Fact]
    public void Whoever_answers_goes_before_whoever_is_not_known_and_these_before_the_silent()
    {
        receivers.Enter("silent", Id(1));
        receivers.Leave("silent", Id(1), responded: false, Noon.AddSeconds(-3));
        receivers.Expect("new", Noon.AddSeconds(-2));
        Prove("well");
        receivers.Expect("well", Noon.AddSeconds(-1));

        Assert.Equal(["well", "new", "silent", null], Enumerable.Range(0, 4).Select(_ => receivers.TakeNext(Noon, out var _, out var _)));
    }

    [Fact]
    public void Some_places_are_left_to_those_that_answer()
    {
        var many = new Receivers(maxPerReceiver: 4, maxInHand: 16);
        Prove("well", many);
        for (var i = 0; i < 48; i++)
            many.Expect($"dead-{i}", Noon);

        Assert.Equal(12, Fill(many));

        many.Expect("well", Noon);
        Assert.Equal("well", many.TakeNext(Noon, out var _, out var room));
        Assert.Equal(4, room);
    }

    [Fact]
    public void A_send_that_overruns_gives_its_place_to_others_up_to_a_bound()
    {
        var many = new Receivers(maxPerReceiver: 4, maxInHand: 4);
        for (var i = 0; i < 200; i++)
            many.Expect($"dead-{i:000}", Noon);

        var taken = 0;
        while (Fill(many, taken) is > 0 and var more)
        {
            taken += more;
            for (var send = taken - more; send < taken; send++)
                many.Overrun($"dead-{send:000}", Id(send));
        }

        // Sixteen slow ones for each of the four places, and the three that keep theirs.
        Assert.Equal((4 * 16) + 3, taken);

        many.NextAt(out var change);
        many.Leave("dead-000", Id(0), responded: false, Noon);
        Assert.True(change.IsCompleted);
        many.Overrun($"dead-{taken - 1:000}", Id(taken - 1));
        Assert.Equal(2, Fill(many, taken)); // a new one, and in the fourth place the one that has been silent
    }

    [Fact]
    public void What_has_answered_is_remembered_when_it_has_nothing_more()
    {
        receivers.Enter("a", Id(1));
        receivers.Leave("a", Id(1), responded: true, Noon);
        receivers.TakeNext(Noon, out var _, out var _);
        receivers.ForgetIdle("a");
        Assert.Equal(0, receivers.Count);

        receivers.Expect("a", Noon);
        receivers.TakeNext(Noon, out var _, out var room);

        Assert.Equal(2, room);
    }

    [Fact]
    public void The_order_is_that_of_a_plain_look_through_all_of_them()
    {
        // Against the sets that are kept: whoever is due and has room, by standing, then hands, then moment.
        var (chance, many) = (new Random(7), new Receivers(maxPerReceiver: 3, maxInHand: 1_000_000));
        var model = new Dictionary<string, (int Standing, int InHand, DateTimeOffset? NextAt)>();
        var inHandOf = new Dictionary<string, Stack<JobId>>();
        var (sends, now) = (0, Noon);
        for (var step = 0; step < 10_000; step++)
        {
            var origin = $"r{chance.Next(40):00}";
            var (standing, inHand, nextAt) = model.GetValueOrDefault(origin, (1, 0, null));
            switch (chance.Next(4))
            {
                case 0:
                    var at = now.AddSeconds(chance.Next(-5, 20));
                    many.Expect(origin, at);
                    model[origin] = (standing, inHand, nextAt <= at ? nextAt : at);
                    break;
                case 1:
                    now = now.AddSeconds(chance.NextDouble());
                    break;
                case 2 when inHand > 0:
                    var responded = chance.Next(2) == 0;
                    many.Leave(origin, inHandOf[origin].Pop(), responded, now);
                    model[origin] = (responded ? 0 : 2, inHand - 1, now);
                    break;
                default:
                    var expected = model.Where(one => one.Value.NextAt <= now && one.Value.InHand < (one.Value.Standing == 0 ? 3 : 1))
                        .OrderBy(one => one.Value.Standing).ThenBy(one => one.Value.InHand).ThenBy(one => one.Value.NextAt).ThenBy(one => one.Key, StringComparer.Ordinal)
                        .Select(one => one.Key).FirstOrDefault();
                    Assert.Equal(expected, many.TakeNext(now, out var known, out var _));
                    if (expected is null)
                        break;
                    many.Enter(expected, Id(++sends));
                    (inHandOf.TryGetValue(expected, out var stack) ? stack : inHandOf[expected] = new()).Push(Id(sends));
                    model[expected] = model[expected] with { InHand = known.Count + 1, NextAt = null };
                    break;
            }
        }

        Assert.True(sends > 500);
    }

    private void Prove(string origin) => Prove(origin, receivers);

    private static void Prove(string origin, Receivers receivers)
    {
        receivers.Enter(origin, Id(-1));
        receivers.Leave(origin, Id(-1), responded: true, Noon.AddYears(1));
    }

    /// <summary>Takes whoever is next until nobody is.</summary>
    private static int Fill(Receivers receivers, int firstId = 0)
    {
        var taken = 0;
        while (receivers.TakeNext(Noon, out var _, out var _) is { } origin)
            receivers.Enter(origin, Id(firstId + taken++));
        return taken;
    }

    private static JobId Id(int number) => JobId.FromParts(number, 0);
}
