using JobService.Dispatch;
using JobService.Lanes;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>Permits that are promised while the calls that hold them still run.</summary>
public sealed class PermitPromisesTests : IDisposable
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly QueueSemaphore gate = new("q", 2);
    private readonly List<LinkedListNode<PermittedCall>> open = [];

    public void Dispose() => gate.Dispose();

    [Fact]
    public async Task Where_calls_take_the_same_time_their_permits_are_promised_for_the_moment_they_end()
    {
        Learn(20);
        var (first, second) = (Begin(at: 100), Begin(at: 115));

        Assert.Equal([120, 135], Offer(now: 105).Expected.Select(InMilliseconds));
        Promise(120, 135);
        Assert.Empty(Offer(now: 110).Expected);

        // In its slot the next job waits, and starts with the end of the call.
        var later = Enter();
        Assert.False(later!.Entered.IsCompleted);
        Assert.Equal(OfferChange.None, gate.End(first, 20 * Millisecond));
        Assert.True(await EnteredAsync(later));

        // One that ends before anybody has come for its permit keeps it ready.
        Assert.Equal(OfferChange.None, gate.End(second, 20 * Millisecond));
        Assert.Equal(0, Offer(now: 136).Free);
        Assert.Null(Enter());
    }

    [Fact]
    public async Task Whoever_waits_in_his_slot_gets_the_first_permit_that_comes_back()
    {
        Learn(20);
        Begin(at: 100);
        var other = Begin(at: 118);
        Assert.Equal([120, 138], Offer(now: 110).Expected.Select(InMilliseconds));
        Promise(120);
        var later = Enter()!;

        gate.End(other, 5 * Millisecond); // earlier than expected

        Assert.True(await EnteredAsync(later));
    }

    [Fact]
    public async Task A_promise_that_is_not_kept_in_time_is_given_up_and_its_call_is_not_counted_on_again()
    {
        Learn(20);
        var slow = Begin(at: 100);
        Begin(at: 1_000);
        Offer(now: 110);
        Promise(120);
        var later = Enter()!;

        gate.GiveUp(later);

        Assert.False(await EnteredAsync(later));
        Assert.Equal([1_020], Offer(now: 121).Expected.Select(InMilliseconds));
        Assert.Equal(OfferChange.MoreThanNone, gate.End(slow, 60 * Millisecond)); // somebody may be waiting for it
        Assert.Equal(1, Offer(now: 160).Free);
        gate.GiveUp(later); // again, as after a race: nothing
        Assert.Equal(1, Offer(now: 161).Free);
    }

    [Fact]
    public void A_call_that_hangs_takes_no_permit_away_from_the_promises_of_others()
    {
        Learn(20);
        Begin(at: 100);
        Assert.Equal(1, Offer(now: 110).Free);
        gate.Claim(free: 1, [120 * Millisecond]);
        gate.GiveUp(Enter()!);
        Assert.Null(gate.Enter(isPromised: false));
        var next = gate.Start(130 * Millisecond).Call;
        Assert.Equal([150], Offer(now: 140).Expected.Select(InMilliseconds));
        Promise(150);

        Assert.Equal(OfferChange.None, gate.End(next, 15 * Millisecond)); // kept for the job that is to come for it
        Assert.Equal(0, Offer(now: 146).Free);
        Assert.Null(Enter());
    }

    [Fact]
    public void A_permit_that_nobody_has_claimed_is_the_jobs_that_comes_in_its_slot()
    {
        Learn(20);
        Begin(at: 100);
        Assert.Equal((1, 1), Offer(now: 110) is var offer ? (offer.Free, offer.Expected.Count) : default);
        Promise(120);

        Assert.Null(Enter());
        Assert.Equal(OfferChange.Other, gate.Start(121 * Millisecond).Change); // less than was offered
        Assert.Equal(0, Offer(now: 121).Free);
    }

    [Fact]
    public void A_permit_that_is_kept_for_a_claimed_job_is_not_taken_by_one_that_was_promised_another()
    {
        Learn(20);
        var call = Begin(at: 100);
        Offer(now: 110);
        gate.Claim(free: 1, [120 * Millisecond]);

        var promised = Enter();
        Assert.NotNull(promised);
        Assert.Null(gate.Enter(isPromised: false));
        gate.End(call, 20 * Millisecond);
        Assert.True(promised.Entered.IsCompleted);
    }

    [Fact]
    public async Task A_wider_gate_lets_the_job_go_that_waits_in_its_slot()
    {
        Learn(20);
        Fill(at: 100);
        Offer(now: 110);
        Promise(120);
        var later = Enter()!;

        gate.Resize(3);

        Assert.True(await EnteredAsync(later));
    }

    [Fact]
    public void An_end_that_was_offered_and_not_used_is_offered_again()
    {
        Learn(20);
        var first = Begin(at: 100);
        Begin(at: 104);
        Assert.Equal([120, 124], Offer(now: 110).Expected.Select(InMilliseconds));

        Promise(124);
        Assert.Equal([120], Offer(now: 110).Expected.Select(InMilliseconds));

        // The one that nobody wanted ends meanwhile: its permit is free.
        gate.End(first, 20 * Millisecond);
        Assert.Equal(1, Offer(now: 121).Free);
    }

    [Fact]
    public void A_job_that_counts_on_a_call_which_has_ended_meanwhile_finds_its_permit()
    {
        Learn(20);
        var first = Begin(at: 100);
        Begin(at: 110);
        Assert.Equal([120, 130], Offer(now: 105).Expected.Select(InMilliseconds));

        gate.End(first, 18 * Millisecond);
        Promise(120);

        Assert.Equal((0, 1), Offer(now: 119) is var offer ? (offer.Free, offer.Expected.Count) : default);
        Assert.Null(Enter());
    }

    [Fact]
    public void A_call_that_should_have_ended_is_not_counted_on()
    {
        Learn(20);
        Begin(at: 100);

        Assert.Single(Offer(now: 122).Expected);
        Assert.Empty(Offer(now: 123).Expected);
    }

    [Fact]
    public async Task Of_a_smaller_gate_the_promised_permits_are_not_there()
    {
        Learn(20);
        var (first, second) = (Begin(at: 100), Begin(at: 100));
        Offer(now: 110);
        Promise(120, 120);
        var later = Enter()!;

        gate.Resize(1);
        gate.End(first, 20 * Millisecond);
        Assert.False(later.Entered.IsCompleted);
        gate.End(second, 20 * Millisecond);

        Assert.True(await EnteredAsync(later));
    }

    [Theory]
    [InlineData(20, 26)] // too different
    [InlineData(3, 3)] // too short to be awaited, too long to return several times
    public void Calls_that_tell_nothing_are_not_counted_on(int shortest, int longest)
    {
        for (var i = 0; i < 40; i++)
            gate.End(Begin(at: 0), (i % 2 == 0 ? shortest : longest) * Millisecond);
        Begin(at: 100);
        Begin(at: 100);

        Assert.Empty(Offer(now: 110).Expected);
    }

    [Fact]
    public void Permits_of_quick_calls_are_promised_again_and_again_for_as_long_as_a_commit_takes()
    {
        LearnQuick();

        Assert.Equal([100.5, 100.5, 101, 101, 101.5, 101.5, 102, 102], Offer(now: 100).Expected.Select(at => at / (double)Millisecond));
        gate.Claim(free: 2, [.. Offer(now: 100).Expected.Take(5)]);
        Assert.Equal((0, 3), Offer(now: 100) is var offer ? (offer.Free, offer.Expected.Count) : default);
    }

    [Fact]
    public async Task Jobs_that_were_promised_permits_of_quick_calls_go_one_by_one_as_calls_end_and_never_inside_one()
    {
        LearnQuick();
        var (first, second) = (Begin(at: 100), Begin(at: 100));
        gate.Claim(free: 0, Offer(now: 100).Expected);
        var waiting = Enumerable.Range(0, 8).Select(_ => Enter()!).ToList();
        var thread = Environment.CurrentManagedThreadId;
        var inside = waiting[0].Entered.ContinueWith(_ => Environment.CurrentManagedThreadId == thread, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        gate.End(first, Millisecond / 2);

        Assert.False(inside.IsCompleted && await inside);
        Assert.True(await EnteredAsync(waiting[0]));
        Assert.All(waiting.Skip(1), job => Assert.False(job.Entered.IsCompleted));
        gate.End(second, Millisecond / 2);
        Assert.True(await EnteredAsync(waiting[1]));
        Assert.All(waiting.Skip(2), job => Assert.False(job.Entered.IsCompleted));
    }

    [Fact]
    public void When_most_of_the_promised_permits_are_taken_more_are_offered_while_the_rest_still_run()
    {
        using var wide = new QueueSemaphore("q", 32);
        for (var i = 0; i < 16; i++)
            EndOne(wide, Millisecond / 2);
        wide.Claim(free: 32, wide.Offer(100 * Millisecond).Expected);
        Assert.Empty(wide.Offer(100 * Millisecond).Expected);
        var calls = new Queue<LinkedListNode<PermittedCall>>(Enumerable.Range(0, 32).Select(_ => StartOne(wide, isPromised: false)));
        var told = new List<OfferChange>();

        for (var i = 0; i < 32; i++)
        {
            told.Add(wide.End(calls.Dequeue(), Millisecond / 2));
            calls.Enqueue(StartOne(wide, isPromised: true));
        }

        Assert.Equal(16, told.IndexOf(OfferChange.MoreThanNone));
    }

    [Fact]
    public void Calls_that_become_slow_are_promised_no_more()
    {
        LearnQuick();
        Assert.NotEmpty(Offer(now: 100).Expected);

        Learn(3, times: 8);

        Assert.Empty(Offer(now: 200).Expected);
    }

    [Fact]
    public void Calls_that_were_not_made_and_calls_that_fail_now_and_then_do_not_disturb_what_is_usual()
    {
        Learn(20);
        gate.End(Begin(at: 0), took: null);
        gate.End(Begin(at: 0), 3 * Millisecond);
        Learn(20, times: 7);
        Begin(at: 100);
        Begin(at: 100);

        Assert.Equal(2, Offer(now: 110).Expected.Count);
    }

    [Theory]
    [InlineData(true, OfferChange.Other)]
    [InlineData(false, OfferChange.None)]
    public void Where_permits_are_promised_it_is_told_that_a_call_has_begun(bool isUsual, OfferChange told)
    {
        if (isUsual)
            Learn(20);
        Begin(at: 0);
        gate.Claim(free: 1, []);
        Offer(now: 0);
        Assert.Null(gate.Enter(isPromised: false));

        Assert.Equal(told, gate.Start(now: 0).Change);
    }

    [Fact]
    public void Promises_that_are_broken_too_often_are_not_made_until_the_calls_are_learned_anew()
    {
        Learn(20);
        for (var broken = 1; broken <= 4; broken++)
        {
            Fill(at: 100);
            Assert.Equal(2, Offer(now: 110).Expected.Count);
            Promise(120);
            gate.GiveUp(Enter()!);
            EndAll(20);
        }

        Fill(at: 100);
        Assert.Empty(Offer(now: 110).Expected);
        EndAll(20);
        Learn(20);
        Fill(at: 100);
        Assert.Equal(2, Offer(now: 110).Expected.Count);
    }

    [Theory]
    [InlineData(20.0)]
    [InlineData(0.2)] // quick
    public async Task Whatever_happens_no_more_calls_run_than_the_gate_is_wide_and_no_permit_is_lost(double milliseconds)
    {
        const int Width = 8;
        var took = (long)(milliseconds * Millisecond);
        using var wide = new QueueSemaphore("q", Width);
        var claiming = new Lock();
        var (running, most, promisedCount, now) = (0, 0, 0, 0L);
        for (var i = 0; i < 16; i++)
            EndOne(wide, took);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => WorkAsync(new Random(seed)), CancellationToken.None)));

        Assert.InRange(most, 2, Width);
        Assert.NotEqual(0, promisedCount);
        wide.Resize(Width);
        Assert.Equal(Width, wide.Offer(long.MaxValue / 2).Free);

        async Task WorkAsync(Random random)
        {
            for (var i = 0; i < 20_000; i++)
            {
                var moment = Interlocked.Add(ref now, Millisecond);
                int free;
                List<long> expected;
                lock (claiming)
                {
                    // One claim at a time, of some of what is offered; now and then the gate is made smaller or wider meanwhile.
                    var offer = wide.Offer(moment);
                    free = random.Next(Math.Min(offer.Free, 4) + 1);
                    expected = [.. offer.Expected.Take(random.Next(3))];
                    if (random.Next(50) == 0)
                        wide.Resize(random.Next(2, Width + 1));
                    wide.Claim(free, expected);
                }

                Interlocked.Add(ref promisedCount, expected.Count);
                for (var job = 0; job < free + expected.Count; job++)
                {
                    var later = wide.Enter(isPromised: job >= free);
                    if (later is not null && random.Next(2) == 0)
                        Thread.Yield();
                    if (later is not null)
                        wide.GiveUp(later);
                    if (later is null || await later.Entered)
                        Call(moment, random);
                }
            }
        }

        void Call(long moment, Random random)
        {
            var call = wide.Start(moment).Call;
            var atOnce = Interlocked.Increment(ref running);
            InterlockedMax(ref most, atOnce);
            if (random.Next(4) == 0)
                Thread.Yield();
            Interlocked.Decrement(ref running);
            wide.End(call, took);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    /// <summary>What the job was told.</summary>
    private static Task<bool> EnteredAsync(PermitWait job) => job.Entered.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

    private static long InMilliseconds(long ticks) => ticks / Millisecond;

    private void Learn(long milliseconds, int times = 16)
    {
        for (var i = 0; i < times; i++)
            gate.End(Begin(at: 0), milliseconds * Millisecond);
    }

    private void LearnQuick()
    {
        for (var i = 0; i < 16; i++)
            gate.End(Begin(at: 0), Millisecond / 2);
    }

    private static void EndOne(QueueSemaphore semaphore, long took)
    {
        semaphore.Claim(free: 1, []);
        semaphore.End(StartOne(semaphore, isPromised: false), took);
    }

    private static LinkedListNode<PermittedCall> StartOne(QueueSemaphore semaphore, bool isPromised)
    {
        Assert.Null(semaphore.Enter(isPromised));
        return semaphore.Start(0).Call;
    }

    private void Fill(long at) => open.AddRange([Begin(at), Begin(at)]);

    private void EndAll(long milliseconds)
    {
        open.ForEach(call => gate.End(call, milliseconds * Millisecond));
        open.Clear();
    }

    /// <summary>A call with a permit of its own.</summary>
    private LinkedListNode<PermittedCall> Begin(long at)
    {
        gate.Claim(free: 1, []);
        Assert.Null(gate.Enter(isPromised: false));
        return gate.Start(at * Millisecond).Call;
    }

    private Permits Offer(long now) => gate.Offer(now * Millisecond);

    private void Promise(params long[] milliseconds) => gate.Claim(free: 0, [.. milliseconds.Select(at => at * Millisecond)]);

    private PermitWait? Enter() => gate.Enter(isPromised: true);
}
