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
                data.Add(limiting, Telling.Exactly);
                if (limiting is Limiting.FirstCall or Limiting.Aligned or Limiting.SlidingLog)
                    data.Add(limiting, Telling.EpochUp);
                if (limiting is not (Limiting.SlidingLog or Limiting.Bucket5 or Limiting.Bucket10))
                    data.Add(limiting, Telling.SecondsUp);
                if (limiting is Limiting.SlidingCounter or Limiting.Bucket1)
                    data.Add(limiting, Telling.EpochUp);
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
                (Limiting.Bucket1, Telling.SecondsUp or Telling.EpochUp) => (34, 15),
                (Limiting.SlidingCounter, Telling.SecondsUp) => (37, 12),
                (Limiting.SlidingCounter, _) => (27, 12),
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

    private static (double Seconds, int Refused) Run(Limiting limiting, Telling telling, int seed, bool isBusy = false, int width = FirstWidth)
    {
        var random = new Random(seed);
        var api = new ApiLimiter(limiting);
        var events = new PriorityQueue<Action, (long, long)>();
        var recent = new List<long>();
        LanePace? pace = null;
        var now = RateStory.Begin + random.NextInt64(Second);
        var (first, underWay, left, order) = (now, 0, Jobs, 0L);
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

        return ((now - first) / (double)Second, api.Refused);

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
                var (ok, remaining, end) = api.Call(arrives);
                var saidAt = arrives;
                if (ok && api.Duration > 0)
                    At(arrives + api.Duration, api.End);
                At(arrives + (ok ? api.Duration : 0) + Millisecond + random.NextInt64(10 * Millisecond), () => Answer(ok, remaining, end, saidAt));
            });

            void Answer(bool accepted, int remaining, long end, long saidAt)
            {
                underWay--;
                width = width == FirstWidth ? Width : width; // QueueGates opens with the first response
                var until = ApiLimiter.Tell(telling, end, saidAt, now);
                if (accepted)
                {
                    pace?.Passed(startedAt);
                    if (until is { } told)
                        (pace ??= new LanePace()).Tell(number, remaining, told, now, underWay);
                    return;
                }

                left++;
                (pace ??= new LanePace()).Refuse(startedAt, until, recent.Count(start => start > now - Second), now);
            }
        }
    }
}
