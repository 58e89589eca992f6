using JobService.Events;
using JobService.Ledger;
using JobService.Tests.Support;

namespace JobService.Tests.Events;

/// <summary>The store never waits for those who watch.</summary>
public sealed class EventInboxTests : IDisposable
{
    private readonly EventInbox inbox = new(capacity: 10);

    public void Dispose() => inbox.Dispose();

    [Fact]
    public async Task What_exceeds_it_is_counted_behind_what_is_kept()
    {
        Put(8);
        Put(3);
        Put(1); // would fit, and lies behind a loss

        Assert.Equal((8, 4), await TakeAsync());

        Put(10);
        Assert.Equal((10, 0), await TakeAsync());
    }

    [Fact]
    public async Task What_has_come_is_taken_in_its_order_each_commit_with_its_moment()
    {
        var later = DateTimeOffset.UnixEpoch.AddSeconds(1);
        inbox.Put(DateTimeOffset.UnixEpoch, [Named("a"), Named("b")]);
        inbox.Put(later, [Named("c")]);
        inbox.Put(later, [Named("d"), Named("e"), Named("f")]);

        var bag = await inbox.TakeAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["a", "b", "c", "d", "e", "f"], bag.Changes.Select(change => change.Name));
        Assert.Equal([(DateTimeOffset.UnixEpoch, 2), (later, 1), (later, 3)], bag.Commits);
    }

    [Fact]
    public async Task Who_waits_is_woken()
    {
        var waiting = TakeAsync();
        Assert.False(waiting.IsCompleted);

        Put(1);

        Assert.Equal((1, 0), await waiting.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_store_may_still_be_telling_when_nobody_is_left()
    {
        inbox.Dispose();

        Put(1);
    }

    private void Put(int count) => inbox.Put(DateTimeOffset.UnixEpoch, [.. Enumerable.Repeat(Named("s"), count)]);

    private static StoreEvent Named(string name) => new(StoreEventKind.Signal, name, "set");

    private async Task<(int Kept, long Lost)> TakeAsync()
    {
        var bag = await inbox.TakeAsync(TestContext.Current.CancellationToken);
        return (bag.Commits.Sum(commit => commit.Count), bag.Lost);
    }
}
