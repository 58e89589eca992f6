using CsCheck;
using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Limits;

namespace JobService.Tests.Dispatch;

/// <summary>Late starts, the slots that were handed out before they were known, and those after.</summary>
public sealed class PacedStartsTests
{
    private const long Begin = RateStory.Begin;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly PacedStarts starts = new();
    private long lastLease;

    [Fact]
    public void A_late_start_holds_back_what_was_handed_out_ahead_by_its_lateness()
    {
        // T is 20 ms, the window 2 ms.
        Warm();
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var jobs = Enumerable.Range(0, 3).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();

        Assert.Equal(StartVerdict.Started, Start(jobs[0], 7));
        Assert.Equal(StartVerdict.NotYet, Start(jobs[1], 20));
        Assert.Equal(Begin + (25 * Millisecond), Earliest(jobs[1]));
        Assert.Equal(StartVerdict.Started, Start(jobs[1], 25));
        Assert.Equal(Begin + (45 * Millisecond), Earliest(jobs[2]));

        Tell(limit, jobs);
        Assert.Equal(Begin + (65 * Millisecond), limit.EarliestAt(0, 1));
    }

    [Fact]
    public void What_the_store_knew_when_it_handed_a_slot_out_counts_no_more()
    {
        Warm();
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var first = Claim(limit, Begin, plannedAt: Begin);
        Start(first, 9);
        Tell(limit, [first]);
        var next = Claim(limit, Begin, plannedAt: Begin + (10 * Millisecond));

        Assert.Equal(next.Slot!.Value.At.UtcTicks, Earliest(next));
        Assert.Equal(Begin + (27 * Millisecond), Earliest(next));
    }

    [Fact]
    public void A_late_start_is_told_until_it_was_heard()
    {
        Warm();
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var jobs = Enumerable.Range(0, 2).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();
        Start(jobs[0], 15);
        Assert.True(starts.HasNews);

        Assert.Equal([jobs[0].Lease], starts.Tell(10).Late.Select(late => late.Lease));
        Assert.False(starts.HasNews);
        Assert.Equal(At(Begin + (15 * Millisecond)), starts.Heard(9)); // planned before that was told
        Start(jobs[1], 50);
        Assert.Equal(2, starts.Tell(11).Late.Count);
        Assert.Equal(At(Begin + (50 * Millisecond)), starts.Heard(10));
        Assert.Equal([jobs[1].Lease], starts.Tell(12).Late.Select(late => late.Lease));

        Assert.Null(starts.Heard(12));
        Assert.Empty(starts.Tell(13).Late);
    }

    [Fact]
    public void How_long_claims_take_is_told_until_jobs_are_claimed_again()
    {
        var job = Claim(new RateLimit(new RateDefinition { Permits = 50 }), Begin, plannedAt: Begin);
        starts.HandOver(job, At(Begin + (3 * Millisecond)));
        starts.HandOver(job, At(Begin + (2 * Millisecond)));

        Assert.Equal(3 * Millisecond, starts.Tell(1).HandOver.Ticks);
        Assert.Equal(3 * Millisecond, starts.Tell(2).HandOver.Ticks);
        starts.Heard(2);
        Assert.Equal(0, starts.Tell(3).HandOver.Ticks);
    }

    [Fact]
    public void A_late_start_that_the_store_did_not_know_makes_no_claim_take_longer()
    {
        var job = Claim(new RateLimit(new RateDefinition { Permits = 50 }), Begin, plannedAt: Begin) with { KnowsStartsUntil = At(Begin - (100 * Millisecond)) };

        starts.HandOver(job, At(Begin + (3 * Millisecond)));

        Assert.Equal(3 * Millisecond, starts.Tell(1).HandOver.Ticks);
    }

    [Fact]
    public void A_start_within_its_window_is_told_nobody()
    {
        Warm();
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var jobs = Enumerable.Range(0, 2).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();

        Start(jobs[0], 2);

        Assert.Equal(StartVerdict.Started, Start(jobs[1], 20));
        Assert.Empty(starts.Tell(1).Late);
    }

    [Fact]
    public void What_follows_goes_behind_a_call_that_may_have_been_counted_late()
    {
        // A call takes 1 ms; this one takes 9, and may have come 8 ms later than it started.
        Warm(took: 1);
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var jobs = Enumerable.Range(0, 2).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();
        Start(jobs[0], 0);
        var counted = starts.End(jobs[0], At(Begin), At(Begin + (9 * Millisecond)))!.Value.UtcTicks;

        Assert.InRange(counted - Begin, 7.9 * Millisecond, 8 * Millisecond);
        Assert.Equal(counted + (20 * Millisecond), Earliest(jobs[1]));
        Tell(limit, jobs);
        Assert.Equal(counted + (40 * Millisecond), limit.EarliestAt(0, 1));
    }

    [Fact]
    public void A_burst_makes_up_for_what_was_late_and_for_no_more()
    {
        // Five at once, then one every 20 ms: in a backlog each slot has 80 ms before what was handed out is paid back.
        var limit = new RateLimit(new RateDefinition { Permits = 50, Burst = 5 });
        var jobs = Enumerable.Range(0, 12).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();
        foreach (var job in jobs.Take(5))
            Start(job, 0);

        // The machine stops for 50 ms; the two slots of that time are used late, the next ones on time.
        Assert.Equal(StartVerdict.Started, Start(jobs[5], 70));
        Assert.Equal(StartVerdict.Started, Start(jobs[6], 70));
        Assert.Equal(StartVerdict.Started, Start(jobs[7], 70));
        Assert.Equal(StartVerdict.TooLate, Start(jobs[8], 70));
        Assert.Equal(StartVerdict.Started, Start(jobs[8], 80));
    }

    [Fact]
    public void A_slot_is_given_up_when_its_start_would_come_too_late_to_be_told()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 50 });
        var job = Claim(limit, Begin, plannedAt: Begin);

        Assert.Equal(StartVerdict.TooLate, Start(job, 253));
        Assert.Equal(StartVerdict.TooLate, Start(job, -1));
        Assert.Equal(StartVerdict.Started, Start(job, 252));
    }

    [Fact]
    public void A_burst_that_was_given_up_comes_back_whole()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 60, PeriodSeconds = 600, Burst = 30 });
        for (var i = 0; i < 30; i++)
            limit.Take(Begin, 1);

        for (var i = 0; i < 29; i++)
            limit.TakeBack(Begin, 1);

        Assert.Equal(1, limit.Taken(Begin));
        Assert.Equal(29, limit.Available(Begin));
    }

    [Fact]
    public void A_slot_that_is_given_up_long_after_comes_back_although_others_were_handed_out()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 60, PeriodSeconds = 600, Burst = 30 });
        for (var i = 0; i < 29; i++)
            limit.Take(Begin, 1);
        limit.Take(Begin + (5_000 * Millisecond), 1);

        limit.TakeBack(Begin, 1);

        Assert.Equal(1, limit.Available(Begin + (5_000 * Millisecond)));
    }

    [Fact]
    public void The_second_call_after_a_rest_lies_behind_the_response_to_the_first()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 100 });
        var jobs = Enumerable.Range(0, 3).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();
        Start(jobs[0], 0);

        Assert.Equal(StartVerdict.NotYet, Start(jobs[1], 11));
        starts.End(jobs[0], At(Begin), At(Begin + (4 * Millisecond)));

        Assert.Equal(Begin + (14 * Millisecond), Earliest(jobs[1]));
        Start(jobs[1], 14);
        Assert.Equal(Begin + (24 * Millisecond), Earliest(jobs[2]));
        Tell(limit, jobs);
        Assert.Equal(Begin + (34 * Millisecond), limit.EarliestAt(0, 1));
    }

    [Fact]
    public void An_api_that_takes_its_time_is_not_waited_for_after_a_rest()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 100 });
        var jobs = Enumerable.Range(0, 2).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();
        Start(jobs[0], 0);

        Assert.Equal(StartVerdict.NotYet, Start(jobs[1], 19));
        Assert.Equal(StartVerdict.Started, Start(jobs[1], 20));
    }

    [Fact]
    public void A_limit_with_a_burst_lets_the_second_call_go_at_once()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 100, Burst = 2 });
        var jobs = Enumerable.Range(0, 2).Select(_ => Claim(limit, Begin, plannedAt: Begin)).ToList();

        Assert.All(jobs, job => Assert.Equal(StartVerdict.Started, Start(job, 0)));
    }

    [Fact]
    public void A_window_counts_a_late_call_from_its_start()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 2 });
        limit.Take(Begin, 1);
        limit.Take(Begin, 1);

        limit.Postpone(Begin, 1, Begin + (100 * Millisecond));
        limit.Take(limit.EarliestAt(0, 1), 1);

        Assert.Equal(Begin + (1_107.5 * Millisecond), limit.EarliestAt(0, 1));
    }

    [Fact]
    public void No_lateness_and_no_order_of_starts_puts_too_many_into_any_time() =>
        Gen.Select(RateStory.Any, Gen.Int[0, int.MaxValue]).Sample((story, seed) => Assert.Null(Play(story, new Random(seed)).Overfull()), iter: 3_000);

    /// <summary>Slots are handed out ahead by someone who hears of late starts now and then; the jobs come for theirs when the machine lets them.</summary>
    private static RateModel Play(RateStory story, Random random)
    {
        var limit = new RateLimit(story.Definition);
        var model = new RateModel(story.Definition);
        var play = new PacedStartsTests();
        var events = new PriorityQueue<ClaimedJob, long>();
        var now = Begin;
        foreach (var (from, weight) in story.Asked())
        {
            now = Math.Max(now, limit.EarliestAt(from, weight) - random.NextInt64(100 * Millisecond));
            Run(until: now);
            if (random.Next(3) > 0)
                play.Tell(limit, []);
            var plannedAt = Math.Min(play.starts.Heard(play.request)?.UtcTicks ?? now, now);
            var job = play.Claim(limit, Math.Max(from, now), plannedAt, weight);
            events.Enqueue(job, job.Slot!.Value.At.UtcTicks + Lateness());
        }

        Run(until: long.MaxValue);
        return model;

        long Lateness() => (long)(Millisecond * random.Next(8) switch { 0 => random.NextDouble() * 300, 1 or 2 => random.NextDouble() * 20, _ => random.NextDouble() });

        void Run(long until)
        {
            while (events.TryPeek(out var job, out var at) && at <= until)
            {
                events.Dequeue();
                var earliest = play.starts.EarliestFor(job, PacedStartsTests.At(at), out _).UtcTicks;
                switch (play.starts.TryStart(job, PacedStartsTests.At(at)))
                {
                    case StartVerdict.NotYet:
                        events.Enqueue(job, earliest + Lateness());
                        break;
                    case StartVerdict.TooLate:
                        limit.TakeBack(job.Slot!.Value.At.UtcTicks, job.Weight);
                        break;
                    case StartVerdict.Started:
                        model.Add(Math.Max(earliest, at - job.Slot!.Value.Window.Ticks), job.Weight);
                        play.slots[job.Lease] = job;
                        break;
                }
            }
        }
    }

    private readonly Dictionary<long, ClaimedJob> slots = [];
    private long request;

    private void Tell(RateLimit limit, IReadOnlyList<ClaimedJob> jobs)
    {
        foreach (var job in jobs)
            slots[job.Lease] = job;
        var made = starts.Tell(++request);
        starts.Heard(request);
        foreach (var (lease, countsAt) in made.Late)
            limit.Postpone(slots[lease].Slot!.Value.At.UtcTicks, slots[lease].Weight, countsAt.UtcTicks);
    }

    private ClaimedJob Claim(RateLimit limit, long from, long plannedAt, int weight = 1)
    {
        var at = limit.EarliestAt(from, weight);
        limit.Take(at, weight);
        return new ClaimedJob
        {
            Id = default,
            Lease = ++lastLease,
            Queue = new QueueEntry("q", new QueueDefinition(), Paused: false, Revision: 1, FromConfiguration: false),
            Attempt = 1,
            MaxAttempts = 1,
            Timeout = TimeSpan.FromSeconds(30),
            Weight = weight,
            Slot = new Slot(At(at), limit.StartWindow, limit.LongestDelay),
            Rates = [new RateStart("rate", "", limit.PaceOf(weight)!.Value)],
            PlannedAt = At(plannedAt),
            KnowsStartsUntil = At(plannedAt),
        };
    }

    /// <summary>A call half a second ago: the next one is not the first after a rest. It took so long that none waits for a response.</summary>
    private void Warm(int took = 6)
    {
        var call = Claim(new RateLimit(new RateDefinition { Permits = 50 }), Begin - (500 * Millisecond), plannedAt: Begin - (500 * Millisecond));
        Start(call, -500);
        starts.End(call, At(Begin - (500 * Millisecond)), At(Begin - ((500 - took) * Millisecond)));
        starts.Tell(++request);
        starts.Heard(request);
    }

    private StartVerdict Start(ClaimedJob job, double millisecond) => starts.TryStart(job, At(Begin + (long)(millisecond * Millisecond)));

    private long Earliest(ClaimedJob job) => starts.EarliestFor(job, At(Begin), out _).UtcTicks;

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
