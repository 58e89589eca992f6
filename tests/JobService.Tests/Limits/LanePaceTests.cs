using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>200 calls without a limit at APIs that allow ten a second: how long they take and how many are refused.</summary>
public sealed class LanePaceTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const int Jobs = 200;
    private const int Width = 16;

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
                if (limiting is not (Limiting.SlidingLog or Limiting.Bucket1 or Limiting.Bucket5 or Limiting.Bucket10))
                    data.Add(limiting, Telling.SecondsUp);
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
            // Before the first response nothing is known: 15 of the first 16 are too many for a bucket of one. A sliding counter says that nothing is left until its window ends, and is believed.
            var (mostSeconds, mostRefused) = (limiting == Limiting.SlidingCounter ? 40 : 25, limiting == Limiting.Bucket1 ? 15 : 12);
            Assert.True(seconds <= mostSeconds && refused <= mostRefused, $"{seconds:0.0} s, {refused} refused, seed {seed}");
        }
    }

    private static (double Seconds, int Refused) Run(Limiting limiting, Telling telling, int seed, bool isBusy = false)
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
            var at = left == 0 || underWay == Width ? LimitState.Never : pace?.EarliestAt(now, underWay) ?? now;
            if (events.TryPeek(out var happens, out var moment) && moment.Item1 <= at)
            {
                now = Math.Max(now, moment.Item1);
                events.Dequeue();
                happens();
                continue;
            }

            now = Math.Max(now, at);
            for (var allowed = pace?.Allowed(now, underWay) ?? Width; allowed > 0 && left > 0 && underWay < Width; allowed--)
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
