using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>200 calls without a limit at APIs that allow ten a second: how long they take and how many are refused.</summary>
public sealed class LanePaceTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const int Jobs = 200;
    private const int Width = 16;
    private const int FirstWidth = 8;

    public static TheoryData<Limiting> Limiters => [.. Enum.GetValues<Limiting>()];

    public static TheoryData<Limiting, Telling> Tellers
    {
        get
        {
            var data = new TheoryData<Limiting, Telling>();
            foreach (var limiting in Enum.GetValues<Limiting>().Where(limiting => limiting != Limiting.Concurrency))
            {
                // A bucket tells when the next call may come: in whole seconds that says next to nothing.
                Telling[] tellings = limiting is Limiting.Bucket5 or Limiting.Bucket10 ? [Telling.Exactly] : [Telling.Exactly, Telling.SecondsUp, Telling.EpochUp, Telling.EpochDown];
                foreach (var telling in tellings)
                    data.Add(limiting, telling);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Limiters))]
    public void Where_nothing_is_told_a_pace_is_learned(Limiting limiting)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(limiting, Telling.Nothing, seed);
            TestContext.Current.TestOutputHelper!.WriteLine($"{limiting}: {seconds:0.0} s, {refused} refused");
            Assert.True(seconds <= 40 && refused <= 60, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Limiters))]
    public void Starts_of_a_busy_machine_that_crowd_each_other_cost_little_more(Limiting limiting)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(limiting, Telling.Nothing, seed, isBusy: true);
            TestContext.Current.TestOutputHelper!.WriteLine($"{limiting}: {seconds:0.0} s, {refused} refused");
            Assert.True(seconds <= 60 && refused <= 80, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Tellers))]
    public void What_is_left_is_heeded_from_the_first_response(Limiting limiting, Telling telling)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(limiting, telling, seed);
            TestContext.Current.TestOutputHelper!.WriteLine($"{limiting} {telling}: {seconds:0.0} s, {refused} refused");

            // Before the first response nothing is known: 7 of the first 8 are too many for a bucket of one. In whole seconds it says that each call is the only one of a second, until a try shows that it is not.
            var (mostSeconds, mostRefused) = (limiting, telling) switch
            {
                (Limiting.Bucket1, not Telling.Exactly) => (34, 15),
                (Limiting.Bucket5 or Limiting.Bucket10, _) => (25, 16), // nothing is told while something is left
                _ => (25, 12),
            };
            Assert.True(seconds <= mostSeconds && refused <= mostRefused, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [InlineData(Limiting.FirstCall)]
    [InlineData(Limiting.SlidingLog)]
    public void A_window_that_began_before_its_end_was_tried_is_tried_once_more(Limiting limiting)
    {
        // Fewer calls at once than a window allows: the first window is spent without a refusal, and its end is not a whole second before the one that is told.
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(limiting, Telling.EpochUp, seed, width: 4);
            Assert.True(seconds <= 25 && refused <= 12, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [InlineData(Telling.Exactly)]
    [InlineData(Telling.SecondsUp)]
    [InlineData(Telling.EpochUp)]
    [InlineData(Telling.EpochDown)]
    public void A_sliding_counter_is_not_waited_for_as_if_it_counted_in_windows(Telling telling)
    {
        // Beginning anywhere in its window, on a quiet machine and on a busy one: half of it is used when it is believed.
        for (var seed = 0; seed < 60; seed++)
        {
            var (seconds, refused) = Run(Limiting.SlidingCounter, telling, seed);
            Assert.True(seconds <= 25 && refused <= 2, $"{seconds:0.0} s, {refused} refused, seed {seed}");
            (seconds, refused) = Run(Limiting.SlidingCounter, telling, seed, isBusy: true);
            Assert.True(seconds <= 27 && refused <= 15, $"{seconds:0.0} s, {refused} refused, seed {seed}, busy");
        }
    }

    [Theory]
    [InlineData(2, 20, 200)]
    [InlineData(1, 100, 2_000)]
    public void A_sliding_counter_of_another_size_is_used_too(int periodSeconds, int allowed, int jobs)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(SlidingCounter(periodSeconds * Second, allowed), Telling.SecondsUp, seed, jobs: jobs);
            Assert.True(seconds <= 26 && refused <= 12, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [InlineData(Telling.Exactly)]
    [InlineData(Telling.SecondsUp)]
    public void A_window_that_others_use_too_is_tried_once(Telling telling)
    {
        // The first call of a window finds less than there was before, as at a sliding counter.
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(SharedWindow(new Random(seed)), telling, seed);
            Assert.True(seconds <= 14.5 && refused <= 1, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(10)]
    public void A_large_bucket_that_tells_of_a_second_is_used_as_it_tells(int perSecond)
    {
        // After 40 at once it has what a second brings: in the middle of the wait it has half of that, and is no sliding counter.
        for (var seed = 0; seed < 20; seed++)
        {
            var (seconds, refused) = Run(Bucket(40, perSecond), Telling.Exactly, seed, jobs: 40 + (perSecond * 10));
            Assert.True(seconds <= 11.5 && refused == 0, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    [Fact]
    public void A_response_that_comes_when_its_window_is_over_sets_nothing_free()
    {
        var pace = new LanePace();
        var now = RateStory.Begin;
        var (first, last) = (pace.Start(now), pace.Start(now));
        pace.Tell(first, 1, now + Second, now + Millisecond, underWay: 1);

        // Its end is told as one that has passed, which is as good as nothing.
        now += Second + Millisecond;
        pace.Untell(last, now);

        Assert.Equal((now, 1), (pace.EarliestAt(now, underWay: 0), pace.Allowed(now, underWay: 0)));
        var asks = pace.Start(now);
        Assert.True(pace.EarliestAt(now, underWay: 1) > now);

        // An API that says nothing behind the end either has stopped telling.
        pace.Untell(asks, now);
        Assert.Equal(int.MaxValue, pace.Allowed(now, underWay: 0));
    }

    private static Func<long, (bool Ok, int Left, long End)> SlidingCounter(long period, int allowed)
    {
        var (end, count, before) = (0L, 0, 0);
        return now =>
        {
            var begin = now / period * period;
            if (begin + period != end)
                (before, count, end) = (begin == end ? count : 0, 0, begin + period);
            var weighed = count + (before * (double)(end - now) / period);
            var ok = weighed + 1 <= allowed;
            count += ok ? 1 : 0;
            return (ok, Math.Max(0, (int)(allowed - weighed - (ok ? 1 : 0))), end);
        };
    }

    /// <summary>Twenty calls a second, of which others make some.</summary>
    private static Func<long, (bool Ok, int Left, long End)> SharedWindow(Random others)
    {
        const int Allowed = 20;
        var (end, count) = (0L, 0);
        return now =>
        {
            if (now >= end)
                (end, count) = (now + Second, others.Next(9));
            var ok = count < Allowed;
            count += ok ? 1 : 0;
            return (ok, Allowed - count, end);
        };
    }

    private static Func<long, (bool Ok, int Left, long End)> Bucket(int size, int perSecond)
    {
        var (tokens, filledAt) = ((double)size, 0L);
        return now =>
        {
            tokens = Math.Min(size, tokens + ((now - filledAt) * (double)perSecond / Second));
            filledAt = now;
            var ok = tokens >= 1;
            tokens -= ok ? 1 : 0;
            return (ok, (int)tokens, now + Second);
        };
    }

    private static (double Seconds, int Refused) Run(Limiting limiting, Telling telling, int seed, bool isBusy = false, int width = FirstWidth)
    {
        var api = new ApiLimiter(limiting);
        return Run(api.Call, telling, seed, isBusy, width, Jobs, api);
    }

    private static (double Seconds, int Refused) Run(
        Func<long, (bool Ok, int Left, long End)> call, Telling telling, int seed, bool isBusy = false, int width = FirstWidth, int jobs = Jobs, ApiLimiter? holding = null)
    {
        var random = new Random(seed);
        var events = new PriorityQueue<Action, (long, long)>();
        var recent = new List<long>();
        LanePace? pace = null;
        var now = RateStory.Begin + random.NextInt64(Second);
        var (first, underWay, left, order) = (now, 0, jobs, 0L);
        var refused = 0;
        while (left > 0 || underWay > 0)
        {
            var at = left == 0 || underWay >= width ? LimitState.Never : pace?.EarliestAt(now, underWay) ?? now;
            if (events.TryPeek(out var happens, out var moment) && moment.Item1 <= at)
            {
                now = Math.Max(now, moment.Item1);
                events.Dequeue();
                happens();
                continue;
            }

            now = Math.Max(now, at);
            for (var allowed = pace?.Allowed(now, underWay) ?? Width; allowed > 0 && left > 0 && underWay < width; allowed--)
                Start();
        }

        return ((now - first) / (double)Second, refused);

        void At(long moment, Action happens) => events.Enqueue(happens, (moment, order++));

        void Start()
        {
            var number = pace?.Start(now) ?? 0;
            var startedAt = now;
            recent.Add(now);
            (left, underWay) = (left - 1, underWay + 1);
            var arrives = now + Millisecond + random.NextInt64(4 * Millisecond) + (isBusy && random.Next(4) == 0 ? random.NextInt64(40 * Millisecond) : 0);
            At(arrives, () =>
            {
                var (ok, remaining, end) = call(arrives);
                var saidAt = arrives;
                var duration = ok && holding is not null ? holding.Duration : 0;
                if (duration > 0)
                    At(arrives + duration, holding!.End);
                At(arrives + duration + Millisecond + random.NextInt64(10 * Millisecond), () => Answer(ok, remaining, end, saidAt));
            });

            void Answer(bool accepted, int remaining, long end, long saidAt)
            {
                underWay--;
                width = width == FirstWidth ? Width : width; // QueueSemaphores opens with the first response
                var until = ApiLimiter.Tell(telling, end, saidAt, now);
                pace ??= new LanePace();
                if (accepted)
                {
                    pace.Passed(startedAt);
                    // An end that is over is no end: see RateHeaders.
                    if (until > now)
                        pace.Tell(number, remaining, until.Value, now, underWay);
                    else
                        pace.Untell(number, now);
                    return;
                }

                (left, refused) = (left + 1, refused + 1);
                pace.Refuse(startedAt, until, recent.Count(start => start > now - Second), now);
            }
        }
    }
}
