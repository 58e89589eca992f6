using CsCheck;
using JobService.Storage;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

public sealed class StoreClockTests
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);
    private readonly SteppableTime time = new();

    // Time passes, then somebody sets the clock: microseconds to minutes, back and forth.
    private static readonly Gen<(TimeSpan Pass, TimeSpan Step)[]> histories = Gen.Select(
        Gen.Long[0, 30_000_000].Select(ticks => new TimeSpan(ticks)),
        Gen.OneOf(Gen.Const(0L), Gen.Long[-20_000, 20_000], Gen.Long[-600_000_000, 600_000_000]).Select(ticks => new TimeSpan(ticks))).Array[1, 60];

    [Fact]
    public void It_starts_at_the_wall_clock_and_goes_on_with_the_stopwatch()
    {
        var clock = new StoreClock(time, atLeast: 0);
        Assert.Equal(time.GetUtcNow(), StoreClock.ToTime(clock.Now));

        time.Pass(TimeSpan.FromMilliseconds(250));
        Assert.Equal(time.GetUtcNow(), StoreClock.ToTime(clock.Now));
    }

    [Fact]
    public void It_starts_no_earlier_than_the_last_time_that_was_stored()
    {
        var stored = (time.GetUtcNow() + TimeSpan.FromHours(1)).UtcTicks;
        var clock = new StoreClock(time, stored);
        Assert.Equal(stored, clock.Now);
        Assert.Equal(TimeSpan.FromHours(-1), clock.Difference);
    }

    [Fact]
    public void It_never_goes_back_and_never_leaves_the_stopwatch_by_more_than_500_ppm() => histories.Sample(
        history =>
        {
            var steppable = new SteppableTime();
            var clock = new StoreClock(steppable, 0);
            var before = clock.Now;
            foreach (var (pass, step) in history)
            {
                steppable.Pass(pass);
                steppable.StepWall(step);
                var now = clock.Now;
                Assert.InRange(now - before, Math.Max(0, pass.Ticks - (pass.Ticks / 2_000) - 1), pass.Ticks + (pass.Ticks / 2_000) + 1);
                before = now;
            }
        },
        iter: 1_000);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_step_is_worked_off_in_2000_times_its_length_and_then_it_is_over(int seconds)
    {
        var clock = new StoreClock(time, 0);
        time.Pass(second);
        _ = clock.Now;
        time.StepWall(seconds * second);
        Assert.Equal(seconds * second, clock.Difference);

        for (var passed = 0; passed < 1_000; passed++)
            PassAndLook(second);

        Assert.InRange(clock.Difference / (seconds * second), 0.49, 0.51);

        for (var passed = 0; passed < 1_010; passed++)
            PassAndLook(second);

        Assert.Equal(TimeSpan.Zero, clock.Difference);

        void PassAndLook(TimeSpan pass)
        {
            time.Pass(pass);
            _ = clock.Now;
        }
    }

    [Fact]
    public void An_idle_hour_does_not_work_off_more_than_there_was()
    {
        var clock = new StoreClock(time, 0);
        time.StepWall(TimeSpan.FromMilliseconds(1));
        time.Pass(second);
        _ = clock.Now;

        time.Pass(TimeSpan.FromHours(1));

        Assert.Equal(TimeSpan.Zero, clock.Difference);
    }

    [Fact]
    public void The_timestamp_of_a_moment_is_never_early_and_hardly_late() => Gen.Select(histories, histories, Gen.Long[1, 600_000_000]).Sample(
        (before, until, ahead) =>
        {
            var steppable = new SteppableTime();
            var clock = new StoreClock(steppable, 0);
            Live(before, long.MaxValue);
            var asked = steppable.GetTimestamp();
            var moment = clock.Now + ahead;
            var timestamp = clock.TimestampOf(moment);

            Live(until, timestamp);
            steppable.PassTo(timestamp);

            Assert.True(clock.Now >= moment, "early");
            Assert.InRange(timestamp - asked, 0, (ahead * 100) + (ahead * 100 / 1_000) + 100);

            void Live((TimeSpan Pass, TimeSpan Step)[] history, long end)
            {
                foreach (var (pass, step) in history)
                {
                    if (steppable.GetTimestamp() + (pass.Ticks * 100) >= end)
                        return;

                    steppable.Pass(pass);
                    steppable.StepWall(step);
                    _ = clock.Now;
                }
            }
        },
        iter: 1_000);

    [Fact]
    public void A_moment_that_has_passed_has_a_timestamp_in_the_past()
    {
        var clock = new StoreClock(time, 0);
        var moment = clock.Now;
        var timestamp = time.GetTimestamp();
        time.Pass(TimeSpan.FromMilliseconds(20));

        Assert.InRange(clock.TimestampOf(moment), timestamp, timestamp + 20_000);
        Assert.Equal(long.MaxValue, clock.TimestampOf(long.MaxValue));
    }

    [Fact]
    public void A_thread_held_up_while_it_looks_at_the_wall_turns_nothing_back()
    {
        var clock = new StoreClock(time, 0);
        time.StepWall(second);
        time.Pass(second);
        _ = clock.Now;
        time.StepWall(-2 * second);
        time.Pass(second);

        // The clock runs fast, the look will make it slow from a moment that lies behind by the time it is over.
        var seen = 0L;
        time.WhileReadingTheWall = () =>
        {
            var other = new Thread(() =>
            {
                time.Pass(10 * second);
                seen = clock.Now;
            });
            other.Start();
            other.Join();
        };

        Assert.True(clock.Now >= seen);
        Assert.True(clock.Now >= seen);
        Assert.NotEqual(0, seen);
    }
}
