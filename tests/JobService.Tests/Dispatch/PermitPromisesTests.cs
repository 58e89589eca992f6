using JobService.Dispatch;
using JobService.Lanes;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>Permits that are promised while the calls that hold them still run.</summary>
public sealed class PermitPromisesTests : IDisposable
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly QueueGate gate = new(2);
    private readonly List<LinkedListNode<GateCall>> open = [];

    public void Dispose() => gate.Dispose();

    [Fact]
    public async Task Where_calls_take_the_same_time_their_permits_are_promised_for_the_moment_they_end()
    {
        Learn(20);
        var (first, second) = (Begin(at: 100), Begin(at: 115));

        var early = Take(now: 105, until: 119);
        Assert.Equal((0, 120L), (early.Count, InMilliseconds(early.NextAt)));

        var promised = Take(now: 110, until: 140);
        Assert.Equal(0, promised.Free);
        Assert.Equal([120, 135], promised.Expected.Select(InMilliseconds));
        Assert.Equal(LimitState.Never, promised.NextAt);

        // In its slot the next job waits, and starts with the end of the call.
        var later = gate.Redeem();
        Assert.False(later!.Task.IsCompleted);
        Assert.False(gate.End(first, 20 * Millisecond));
        Assert.True(await TakenAsync(later));

        // One that ends before anybody has come for its permit keeps it ready.
        Assert.False(gate.End(second, 20 * Millisecond));
        Assert.Equal(0, Take(now: 136, until: 136).Free);
        Assert.Null(gate.Redeem());
    }

    [Fact]
    public async Task Whoever_waits_in_his_slot_gets_the_first_permit_that_comes_back()
    {
        Learn(20);
        Begin(at: 100);
        var other = Begin(at: 118);
        Assert.Single(Take(now: 110, until: 125).Expected);
        var later = gate.Redeem()!;

        gate.End(other, 5 * Millisecond); // earlier than expected

        Assert.True(await TakenAsync(later));
    }

    [Fact]
    public async Task A_promise_that_is_not_kept_in_time_is_given_up_and_its_call_is_not_counted_on_again()
    {
        Learn(20);
        var slow = Begin(at: 100);
        Begin(at: 1_000);
        Take(now: 110, until: 125);
        var later = gate.Redeem()!;

        gate.GiveUp(later);

        Assert.False(await TakenAsync(later));
        Assert.Equal(0, Take(now: 121, until: 125).Count);
        Assert.True(gate.End(slow, 60 * Millisecond)); // somebody may be waiting for it
        Assert.Equal(1, Take(now: 160, until: 160).Free);
        gate.GiveUp(later); // again, as after a race: nothing
        Assert.Equal(0, Take(now: 161, until: 161).Count);
    }

    [Fact]
    public void A_call_that_hangs_takes_no_permit_away_from_the_promises_of_others()
    {
        Learn(20);
        Begin(at: 100);
        Assert.Equal(1, Take(now: 110, until: 125).Free);
        gate.GiveUp(gate.Redeem()!);
        var next = gate.Start(130 * Millisecond);
        Assert.Single(Take(now: 140, until: 155).Expected);

        Assert.False(gate.End(next, 15 * Millisecond)); // kept for the job that is to come for it
        Assert.Equal(0, Take(now: 146, until: 146).Free);
        Assert.Null(gate.Redeem());
    }

    [Fact]
    public async Task A_free_permit_that_nobody_uses_goes_to_the_job_that_waits_in_its_slot()
    {
        Learn(20);
        Begin(at: 100);
        var taken = Take(now: 110, until: 125);
        Assert.Equal((1, 1), (taken.Free, taken.Expected.Count));
        var later = gate.Redeem()!;

        gate.Return(free: 1, promised: 0);

        Assert.True(await TakenAsync(later));
    }

    [Fact]
    public async Task A_wider_gate_lets_the_job_go_that_waits_in_its_slot()
    {
        Learn(20);
        Fill(at: 100);
        Take(now: 110, until: 125);
        var later = gate.Redeem()!;

        gate.Resize(3);

        Assert.True(await TakenAsync(later));
    }

    [Fact]
    public void A_promise_that_was_not_used_is_made_again()
    {
        Learn(20);
        var first = Begin(at: 100);
        Begin(at: 104);
        Assert.Equal([120, 124], Take(now: 110, until: 130).Expected.Select(InMilliseconds));

        gate.Return(free: 0, promised: 1);
        Assert.Equal([124], Take(now: 110, until: 130).Expected.Select(InMilliseconds));

        // The one that nobody wanted ends meanwhile: its permit is free.
        gate.Return(free: 0, promised: 1);
        gate.Return(free: 0, promised: 1);
        gate.End(first, 20 * Millisecond);
        Assert.Equal(1, Take(now: 121, until: 121).Free);
    }

    [Fact]
    public void A_permit_kept_for_a_promise_that_is_not_used_is_free()
    {
        Learn(20);
        var first = Begin(at: 100);
        Begin(at: 1_000);
        Take(now: 110, until: 130);
        gate.End(first, 18 * Millisecond);

        gate.Return(free: 0, promised: 1);

        Assert.Equal(1, Take(now: 121, until: 121).Free);
    }

    [Fact]
    public async Task Of_a_smaller_gate_the_promised_permits_are_not_there()
    {
        Learn(20);
        var (first, second) = (Begin(at: 100), Begin(at: 100));
        Take(now: 110, until: 130);
        var later = gate.Redeem()!;

        gate.Resize(1);
        gate.End(first, 20 * Millisecond);
        Assert.False(later.Task.IsCompleted);
        gate.End(second, 20 * Millisecond);

        Assert.True(await TakenAsync(later));
    }

    [Theory]
    [InlineData(20, 26)] // too different
    [InlineData(1, 1)] // too short
    public void Calls_that_tell_nothing_are_not_counted_on(int shortest, int longest)
    {
        for (var i = 0; i < 40; i++)
            gate.End(Begin(at: 0), (i % 2 == 0 ? shortest : longest) * Millisecond);
        Begin(at: 100);
        Begin(at: 100);

        Assert.Equal((0, LimitState.Never), Take(now: 110, until: 200) is var permits ? (permits.Count, permits.NextAt) : default);
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

        Assert.Equal(2, Take(now: 110, until: 130).Expected.Count);
    }

    [Fact]
    public void Promises_that_are_broken_too_often_are_not_made_until_the_calls_are_learned_anew()
    {
        Learn(20);
        for (var broken = 1; broken <= 4; broken++)
        {
            Fill(at: 100);
            Assert.Equal(2, Take(now: 110, until: 130).Expected.Count);
            gate.GiveUp(gate.Redeem()!);
            gate.Return(free: 0, promised: 1);
            EndAll(20);
        }

        Fill(at: 100);
        Assert.Empty(Take(now: 110, until: 130).Expected);
        EndAll(20);
        Learn(20);
        Fill(at: 100);
        Assert.Equal(2, Take(now: 110, until: 130).Expected.Count);
    }

    [Fact]
    public async Task Whatever_happens_no_more_calls_run_than_the_gate_is_wide_and_no_permit_is_lost()
    {
        const int Width = 8;
        using var wide = new QueueGate(Width);
        var (running, most, promisedCount, now) = (0, 0, 0, 0L);
        for (var i = 0; i < 16 && wide.Take(1, 0, 0).Free == 1; i++)
            wide.End(wide.Start(0), 20 * Millisecond);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => WorkAsync(new Random(seed)), CancellationToken.None)));

        Assert.InRange(most, 2, Width);
        Assert.NotEqual(0, promisedCount);
        Assert.Equal(Width, wide.Take(100, long.MaxValue / 2, 0).Free);

        async Task WorkAsync(Random random)
        {
            for (var i = 0; i < 20_000; i++)
            {
                var moment = Interlocked.Add(ref now, Millisecond);
                var taken = wide.Take(random.Next(1, 5), moment, moment + (30 * Millisecond));
                var unused = (Free: random.Next(taken.Free + 1), Promised: random.Next(taken.Expected.Count + 1));
                wide.Return(unused.Free, unused.Promised);
                for (var call = unused.Free; call < taken.Free; call++)
                    Call(moment, random);
                for (var call = unused.Promised; call < taken.Expected.Count; call++)
                {
                    Interlocked.Increment(ref promisedCount);
                    var later = wide.Redeem();
                    if (later is not null && random.Next(2) == 0)
                        Thread.Yield();
                    if (later is not null)
                        wide.GiveUp(later);
                    if (later is null || await later.Task)
                        Call(moment, random);
                }
            }
        }

        void Call(long moment, Random random)
        {
            var call = wide.Start(moment);
            var atOnce = Interlocked.Increment(ref running);
            InterlockedMax(ref most, atOnce);
            if (random.Next(4) == 0)
                Thread.Yield();
            Interlocked.Decrement(ref running);
            wide.End(call, 20 * Millisecond);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    /// <summary>What the job was told.</summary>
    private static Task<bool> TakenAsync(TaskCompletionSource<bool> job) => job.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

    private static long InMilliseconds(long ticks) => ticks / Millisecond;

    private void Learn(long milliseconds, int times = 16)
    {
        for (var i = 0; i < times; i++)
            gate.End(Begin(at: 0), milliseconds * Millisecond);
    }

    private void Fill(long at) => open.AddRange([Begin(at), Begin(at)]);

    private void EndAll(long milliseconds)
    {
        open.ForEach(call => gate.End(call, milliseconds * Millisecond));
        open.Clear();
    }

    /// <summary>A call with a permit of its own.</summary>
    private LinkedListNode<GateCall> Begin(long at)
    {
        Assert.Equal(1, gate.Take(1, at * Millisecond, 0).Free);
        return gate.Start(at * Millisecond);
    }

    private Permits Take(long now, long until) => gate.Take(8, now * Millisecond, until * Millisecond);
}
