using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class QueueSemaphoreTests
{
    [Fact]
    public void It_offers_what_is_free_and_not_claimed()
    {
        using var semaphore = new QueueSemaphore("q", 3);

        Assert.Equal(3, Free(semaphore));
        Assert.Equal(3, Free(semaphore)); // nothing is taken by that
        semaphore.Claim(free: 2, expected: []);
        Assert.Equal(1, Free(semaphore));
        Assert.Null(semaphore.Enter(isPromised: false));
        Assert.Equal(1, Free(semaphore)); // it was kept for it
        var call = semaphore.Start(now: 0).Call;
        semaphore.End(call, took: null);
        Assert.Equal(2, Free(semaphore));
    }

    [Fact]
    public void A_smaller_gate_lets_what_runs_finish_and_takes_the_debt_from_what_returns()
    {
        using var semaphore = new QueueSemaphore("q", 4);
        var calls = Begin(semaphore, 3);

        semaphore.Resize(1);
        Assert.Equal(0, Free(semaphore));
        semaphore.End(calls[0], took: null);
        semaphore.End(calls[1], took: null);
        Assert.Equal(0, Free(semaphore));
        semaphore.End(calls[2], took: null);
        Assert.Equal(1, Free(semaphore));
    }

    [Fact]
    public void A_wider_gate_pays_its_debt_first()
    {
        using var semaphore = new QueueSemaphore("q", 4);
        var calls = Begin(semaphore, 4);

        semaphore.Resize(1);
        semaphore.Resize(5);
        Assert.Equal(1, Free(semaphore));
        calls.ForEach(call => semaphore.End(call, took: null));
        Assert.Equal(5, Free(semaphore));
    }

    [Fact]
    public async Task Jobs_that_were_claimed_before_the_gate_was_made_smaller_wait_for_those_that_run()
    {
        using var semaphore = new QueueSemaphore("q", 3);
        semaphore.Claim(free: 3, expected: []);
        Assert.Null(semaphore.Enter(isPromised: false));
        var first = semaphore.Start(now: 0).Call;

        semaphore.Resize(1);
        var (second, third) = (semaphore.Enter(isPromised: false)!, semaphore.Enter(isPromised: false)!);
        Assert.Equal(0, Free(semaphore));
        Assert.False(second.Entered.IsCompleted);
        semaphore.End(first, took: null);
        Assert.True(await second.Entered);
        Assert.False(third.Entered.IsCompleted);

        semaphore.GiveUp(third);
        Assert.False(await third.Entered);
        semaphore.End(semaphore.Start(now: 0).Call, took: null);
        Assert.Equal(1, Free(semaphore));
    }

    [Fact]
    public void What_is_worth_telling_is_a_first_permit_and_then_twice_as_many()
    {
        using var semaphore = new QueueSemaphore("q", 8);
        var calls = Begin(semaphore, 8);
        Assert.Equal(0, Free(semaphore));

        Assert.Equal(OfferChange.MoreThanNone, semaphore.End(calls[0], took: null));
        Assert.Equal(1, Free(semaphore));
        Assert.Equal(OfferChange.Other, semaphore.End(calls[1], took: null));
        Assert.Equal(2, Free(semaphore));
        Assert.Equal(OfferChange.None, semaphore.End(calls[2], took: null));
        Assert.Equal(OfferChange.Other, semaphore.End(calls[3], took: null));
    }

    [Fact]
    public async Task A_permit_is_never_back_without_somebody_being_told()
    {
        for (var round = 0; round < 20_000; round++)
        {
            using var semaphore = new QueueSemaphore("q", 2);
            var calls = Begin(semaphore, 2);
            Free(semaphore);
            var told = 0;
            await Task.WhenAll(calls.Select(call => Task.Run(
                () =>
                {
                    if (semaphore.End(call, took: null) != OfferChange.None)
                        InterlockedMax(ref told, Free(semaphore));
                },
                CancellationToken.None)));

            Assert.Equal(2, told);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private static int Free(QueueSemaphore semaphore) => semaphore.Offer(now: 0).Free;

    private static List<LinkedListNode<PermittedCall>> Begin(QueueSemaphore semaphore, int count)
    {
        semaphore.Claim(count, expected: []);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            Assert.Null(semaphore.Enter(isPromised: false));
            return semaphore.Start(now: 0).Call;
        })];
    }
}
