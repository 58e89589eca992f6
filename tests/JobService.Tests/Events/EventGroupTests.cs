using JobService.Events;
using JobService.Ledger;

namespace JobService.Tests.Events;

/// <summary>The ring that all readers of the same share.</summary>
public sealed class EventGroupTests
{
    private const long Since = 1_000;

    private static readonly EventPace unhurried = new(TimeSpan.Zero, PageSize: 100, MaxBehind: long.MaxValue);

    private readonly RingBudget room = new(1_000_000);
    private readonly EventPage page = new();

    [Fact]
    public void A_reader_gets_what_has_come_in_pages_and_in_order()
    {
        var group = Group();
        Append(group, 150);

        var place = group.Read(0, unhurried, page);
        Assert.Equal(Numbers(1, 100), Seen());
        Assert.False(page.HasGap);

        Assert.Equal(150, Read(group, place));
        Assert.Equal(Numbers(101, 50), Seen());
    }

    [Fact]
    public void What_was_overwritten_is_counted()
    {
        var group = Group();
        Append(group, 10_000);

        Read(group, 0);

        Assert.Equal((true, 10_000 - 8_192), (page.HasGap, page.Missed));
        Assert.Equal(page.GapEnd + 1, Seen()[0]);
    }

    [Fact]
    public void A_reader_that_is_too_far_behind_skips_to_the_latest_page()
    {
        var group = Group();
        Append(group, 1_000);

        group.Read(100, unhurried with { MaxBehind = 500 }, page);

        Assert.Equal((true, 800), (page.HasGap, page.Missed));
        Assert.Equal(Numbers(901, 100), Seen());
        Assert.Equal(Since + 900, page.GapEnd);
    }

    [Fact]
    public void What_was_lost_on_the_way_is_missed_by_everybody()
    {
        var group = Group();
        Append(group, 10);
        group.Lose(7, Since + 17);
        group.Append(Event(Since + 18));

        Assert.Equal(18, Read(group, 4));

        Assert.Equal((true, 13, Since + 17), (page.HasGap, page.Missed, page.GapEnd));
        Assert.Equal([Since + 18], Seen());
    }

    [Fact]
    public void Who_comes_back_goes_on_behind_what_he_has_seen_as_long_as_it_is_kept()
    {
        var group = Group();
        Assert.Equal(0, group.Behind(Since));
        Assert.Null(group.Behind(Since - 1));
        for (var number = 1; number <= 10_000; number++)
            group.Append(Event(Since + (2 * number))); // every other event is another group's

        Assert.Equal(9_000, group.Behind(Since + 18_000));
        Assert.Equal(9_000, group.Behind(Since + 18_001));
        Assert.Equal(10_000, group.Behind(Since + 20_000));
        Assert.Equal(10_000 - 8_192, group.Behind(Since + (2 * (10_000 - 8_192))));
        Assert.Null(group.Behind(Since + (2 * (10_000 - 8_192)) - 1));
    }

    [Fact]
    public void All_rings_together_keep_only_so_much()
    {
        var scarce = new RingBudget(48);
        var (first, second) = (new EventGroup(EventScope.All, Since, scarce), new EventGroup(EventScope.OfQueue("q"), Since, scarce));
        Append(first, 1_000);
        Append(second, 1_000);

        Read(first, 0);
        Assert.Equal(1_000 - 64, page.Missed);
        Read(second, 0);
        Assert.Equal(1_000 - 16, page.Missed);

        first.Dispose();
        Append(second, 1_000);
        Read(second, 1_000);
        Assert.Equal(1_000 - 64, page.Missed);
    }

    [Fact]
    public void An_event_is_formatted_once_for_all_who_read_it()
    {
        var group = Group();
        group.Streams = 2;
        Append(group, 1);

        Read(group, 0);
        var frame = page.Events[0].Frame;
        Read(group, 0);

        Assert.NotNull(frame);
        Assert.Same(frame, page.Events[0].Frame);
    }

    [Fact]
    public void Who_waits_is_woken_when_all_of_a_commit_has_come()
    {
        var group = Group();
        var changed = group.ChangedAsync(0);

        Assert.True(group.Append(Event(Since + 1)));
        Assert.False(group.Append(Event(Since + 2)));
        Assert.False(changed.IsCompleted);
        group.Wake();

        Assert.True(changed.IsCompleted);
        Assert.True(group.ChangedAsync(1).IsCompleted);
        Assert.False(group.ChangedAsync(2).IsCompleted);
        Assert.True(group.Append(Event(Since + 3)));
    }

    private static LiveEvent Event(long number) => new(number, DateTimeOffset.UnixEpoch, new StoreEvent(StoreEventKind.Signal, "s", "set"));

    private static IEnumerable<long> Numbers(int first, int count) => Enumerable.Range(first, count).Select(number => Since + number);

    private static void Append(EventGroup group, int count)
    {
        for (var number = 1; number <= count; number++)
            group.Append(Event(Since + number));
    }

    private EventGroup Group() => new(EventScope.All, Since, room);

    private long Read(EventGroup group, long place)
    {
        page.Clear();
        return group.Read(place, unhurried, page);
    }

    private List<long> Seen() => page.Events.ConvertAll(live => live.Number);
}
