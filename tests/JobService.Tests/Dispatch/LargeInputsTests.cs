using JobService.Dispatch;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Dispatch;

/// <summary>Large payloads are read ahead of their calls as far as there is room: one fits here, and one more is always read.</summary>
public sealed class LargeInputsTests : IAsyncDisposable
{
    private const int Bytes = 900_000;

    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly TemporaryStore temporary = new();
    private readonly LargeInputs inputs;

    public LargeInputsTests() => inputs = new LargeInputs(temporary.Store, Options.Create(new UpstreamOptions { MaxHeldBytes = 1_048_576 }), temporary.Time);

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task What_finds_no_room_is_not_read_before_there_is_some()
    {
        var jobs = await ClaimAsync(3);
        using var first = inputs.Open(jobs[0])!;
        using var beyond = inputs.Open(jobs[1])!;
        using var third = inputs.Open(jobs[2])!;
        Assert.Equal([false, true, true], new[] { first, beyond, third }.Select(input => input.IsLate));
        Assert.True(await beyond.IsHereAsync(hang));

        var reading = third.ReadAsync(hang).AsTask();
        Assert.False(reading.IsCompleted);
        Assert.InRange(inputs.Budget.Taken, Bytes, 1_048_576);
        first.Dispose();

        Assert.Equal(Bytes, (await reading.WaitAsync(Patience.Hang, hang)).Payload.Length);
    }

    [Fact]
    public async Task What_is_kept_is_there_for_the_next_claim_of_its_job_though_others_wait()
    {
        var jobs = await ClaimAsync(3);
        var kept = inputs.Open(jobs[0])!;
        Assert.True(await kept.IsHereAsync(hang));
        inputs.Keep(kept);
        using var beyond = inputs.Open(jobs[1])!;
        Assert.True(await beyond.IsHereAsync(hang));
        using var other = inputs.Open(jobs[2])!;
        Assert.True(other.IsLate);
        Assert.True(inputs.IsKeptFor(jobs[0].Queue));

        using var again = inputs.Open(jobs[0])!;

        Assert.False(again.IsLate);
        Assert.False(inputs.IsKeptFor(jobs[0].Queue));
        var read = again.ReadAsync(hang).AsTask();
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Equal(Bytes, (await read).Payload.Length);
    }

    [Fact]
    public async Task What_is_kept_for_too_long_leaves_its_room_to_others()
    {
        var jobs = await ClaimAsync(3);
        var kept = inputs.Open(jobs[0])!;
        Assert.True(await kept.IsHereAsync(hang));
        inputs.Keep(kept);
        using var beyond = inputs.Open(jobs[1])!;
        Assert.True(await beyond.IsHereAsync(hang));
        using var other = inputs.Open(jobs[2])!;
        var waits = other.ReadAsync(hang).AsTask();

        temporary.Time.Advance(LargeInputs.KeptFor - TimeSpan.FromTicks(1));
        Assert.False(waits.IsCompleted);
        temporary.Time.Advance(TimeSpan.FromTicks(1));

        await waits.WaitAsync(Patience.Hang, hang);
    }

    [Fact]
    public async Task Who_waits_for_room_and_is_told_to_stop_waits_no_more()
    {
        var jobs = await ClaimAsync(3);
        using var first = inputs.Open(jobs[0])!;
        using var beyond = inputs.Open(jobs[1])!;
        Assert.True(await beyond.IsHereAsync(hang));
        using var stop = new CancellationTokenSource();
        var waits = inputs.Open(jobs[2])!.IsHereAsync(stop.Token);

        await stop.CancelAsync();

        Assert.False(await waits.WaitAsync(Patience.Hang, hang));
    }

    private async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int count)
    {
        await temporary.Store.PutQueueAsync("q", new QueueDefinition(), expected: null);
        var payload = new byte[Bytes];
        Array.Fill(payload, (byte)'1');
        await temporary.Store.AddAsync([.. Enumerable.Range(0, count).Select(_ => new NewJob { Id = temporary.Ids.Next(), Queue = "q", Payload = payload })]);
        var (_, jobs) = await temporary.Store.ClaimAsync(temporary.Store.Offer(count), CancellationToken.None).WaitAsync(Patience.Hang, hang);
        Assert.Equal(count, jobs.Count);
        return jobs;
    }
}
