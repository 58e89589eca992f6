using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class SlotClockTests
{
    private static readonly TimeSpan hangGuard = TimeSpan.FromSeconds(10);
    private readonly TimeProvider time = TimeProvider.System;

    [Fact]
    public async Task No_item_starts_before_its_slot()
    {
        using var clock = new SlotClock(time);
        var now = time.GetTimestamp();
        var random = new Random(7);
        var items = Enumerable.Range(0, 200).Select(_ => new Item(time, now + random.NextInt64(time.TimestampFrequency / 10))).ToList();
        items.ForEach(item => clock.Schedule(item.Slot, item));

        var starts = await Task.WhenAll(items.Select(item => item.Started)).WaitAsync(hangGuard, TestContext.Current.CancellationToken);

        Assert.All(starts.Zip(items), pair => Assert.True(pair.First >= pair.Second.Slot));
    }

    [Fact]
    public async Task An_earlier_slot_does_not_wait_for_a_later_one()
    {
        using var clock = new SlotClock(time);
        var late = Item.In(time, TimeSpan.FromHours(1));
        var early = Item.In(time, TimeSpan.FromMilliseconds(5));
        clock.Schedule(late.Slot, late);
        clock.Schedule(early.Slot, early);

        await early.Started.WaitAsync(hangGuard, TestContext.Current.CancellationToken);

        Assert.False(late.Started.IsCompleted);
    }

    [Fact]
    public async Task Items_that_take_their_time_hold_up_no_others()
    {
        using var clock = new SlotClock(time);
        using var goOn = new ManualResetEventSlim();
        var slow = Enumerable.Range(1, 2).Select(i => Item.In(time, TimeSpan.FromMilliseconds(5 * i), goOn)).ToList();
        var next = Item.In(time, TimeSpan.FromMilliseconds(15));
        slow.ForEach(item => clock.Schedule(item.Slot, item));
        clock.Schedule(next.Slot, next);

        try
        {
            await next.Started.WaitAsync(hangGuard, TestContext.Current.CancellationToken);
            Assert.All(slow, item => Assert.True(item.Started.IsCompleted));
        }
        finally
        {
            goOn.Set(); // or the clock could not be stopped
        }
    }

    [Fact]
    public async Task A_slot_that_has_passed_starts_at_once()
    {
        using var clock = new SlotClock(time);
        var item = Item.In(time, TimeSpan.FromSeconds(-1));
        clock.Schedule(item.Slot, item);

        await item.Started.WaitAsync(hangGuard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopping_hands_out_what_is_left_so_that_its_owner_gives_it_up()
    {
        var clock = new SlotClock(time);
        var left = Item.In(time, TimeSpan.FromHours(1));
        clock.Schedule(left.Slot, left);

        clock.Dispose();

        Assert.True(await left.Started.WaitAsync(hangGuard, TestContext.Current.CancellationToken) < left.Slot);
    }

    [Fact]
    public async Task What_comes_after_the_stop_is_handed_out_too()
    {
        var clock = new SlotClock(time);
        clock.Dispose();
        clock.Dispose();
        var item = Item.In(time, TimeSpan.FromHours(1));
        clock.Schedule(item.Slot, item);

        await item.Started.WaitAsync(hangGuard, TestContext.Current.CancellationToken);
    }

    private sealed class Item(TimeProvider time, long slot, ManualResetEventSlim? goOn = null) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource<long> started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Slot => slot;

        public Task<long> Started => started.Task;

        public static Item In(TimeProvider time, TimeSpan wait, ManualResetEventSlim? goOn = null) =>
            new(time, time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency), goOn);

        public void Execute()
        {
            started.SetResult(time.GetTimestamp());
            goOn?.Wait();
        }
    }
}
