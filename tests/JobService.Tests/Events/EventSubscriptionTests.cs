using JobService.Events;
using JobService.Ledger;
using JobService.Tests.Support;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Events;

/// <summary>One stream and its pace.</summary>
public sealed class EventSubscriptionTests : IAsyncDisposable
{
    private readonly TemporaryStore temporary = new();
    private readonly LiveEvents live;

    public EventSubscriptionTests() => live = new LiveEvents(temporary.Store, Options.Create(new EventOptions()), temporary.Time);

    public async ValueTask DisposeAsync()
    {
        live.Dispose();
        await temporary.DisposeAsync();
    }

    [Fact]
    public async Task After_a_few_pages_at_once_a_stream_gets_one_an_interval()
    {
        using var stream = (await live.SubscribeAsync(EventScope.All))!;
        for (var number = 1; number <= EventPace.Burst; number++)
            Assert.Equal([$"{number}"], await NextAsync(stream, number));

        var held = NextAsync(stream, 5);
        Tell(6); // what comes meanwhile comes with it
        temporary.Time.Advance(EventPace.For(1).Interval - TimeSpan.FromTicks(1));
        Assert.False(held.IsCompleted);
        temporary.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(["5", "6"], await held);
    }

    [Fact]
    public async Task A_stream_that_waits_holds_no_memory_of_its_largest_page()
    {
        using var stream = (await live.SubscribeAsync(EventScope.All))!;
        foreach (var number in Enumerable.Range(1, 100))
            Tell(number);
        var page = await stream.ReadAsync(Patience.Hang, TestContext.Current.CancellationToken);
        Assert.Equal(100, page.Events.Count);

        var next = stream.ReadAsync(Patience.Hang, TestContext.Current.CancellationToken);

        Assert.False(next.IsCompleted);
        Assert.Equal(0, page.Events.Capacity);
        Tell(101);
        Assert.Equal("101", Assert.Single((await next).Events).Change.Name);
    }

    private async Task<List<string>> NextAsync(EventSubscription stream, int number)
    {
        Tell(number);
        var page = await stream.ReadAsync(Patience.Hang, TestContext.Current.CancellationToken).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
        return page.Events.ConvertAll(told => told.Change.Name);
    }

    private void Tell(int number)
    {
        var bag = new EventBag();
        bag.Add(DateTimeOffset.UnixEpoch, [new StoreEvent(StoreEventKind.Signal, $"{number}", "set")]);
        live.Route(bag);
    }
}
