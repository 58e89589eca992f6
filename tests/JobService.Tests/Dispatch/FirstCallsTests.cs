using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>The first calls of a queue without limits: an API of which nothing is known is not called by all at once.</summary>
public sealed class FirstCallsTests : IAsyncDisposable
{
    private static readonly HttpTarget api = new() { BaseAddress = "http://127.0.0.1:1" };

    private readonly TemporaryStore temporary = new();
    private readonly SlotClock slots;
    private readonly QueueSemaphores gates;

    public FirstCallsTests()
    {
        slots = new SlotClock(temporary.Time);
        gates = new QueueSemaphores(temporary.Store, slots, new StartPacer(temporary.Store, slots));
    }

    public async ValueTask DisposeAsync()
    {
        gates.Dispose();
        slots.Dispose();
        await temporary.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Eight_go_and_the_others_with_the_first_response_or_a_tenth_of_a_second_later(bool isSlow)
    {
        await PutQueueAsync(new QueueDefinition { Target = api, MaxConcurrency = 20 });
        var first = await ClaimAsync();
        Assert.Equal(8, first.Count);
        var admission = (await gates.EnterAsync(first[0]))!.Value;
        var others = ClaimAsync();

        temporary.Time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(others.IsCompleted);
        if (isSlow)
            temporary.Time.Advance(TimeSpan.FromMilliseconds(2)); // slots are rounded up
        else
            gates.Leave(admission, callWasMade: true);

        Assert.Equal(isSlow ? 12 : 13, (await others).Count);
    }

    [Fact]
    public async Task Where_limits_say_what_is_allowed_or_nothing_is_called_all_go_at_once()
    {
        await temporary.Store.PutLimitAsync("atOnce", new ConcurrencyDefinition { Permits = 100 }, expected: null);
        foreach (var queue in (QueueDefinition[])[new() { Target = api, Limits = ["atOnce"], MaxConcurrency = 20 }, new() { MaxConcurrency = 20 }])
        {
            await PutQueueAsync(queue);
            Assert.Equal(20, (await ClaimAsync()).Count);
        }
    }

    private async Task PutQueueAsync(QueueDefinition queue)
    {
        var name = $"q{queue.Limits.Count}";
        await temporary.Store.PutQueueAsync(name, queue, expected: null);
        await temporary.Store.AddAsync([.. Enumerable.Range(0, 30).Select(_ => new NewJob { Id = temporary.Ids.Next(), Queue = name, Payload = "1"u8.ToArray() })]);
    }

    private async Task<IReadOnlyList<ClaimedJob>> ClaimAsync()
    {
        while (true)
        {
            if (await gates.ClaimAsync(CancellationToken.None).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken) is { Count: > 0 } claimed)
                return claimed;
        }
    }
}
