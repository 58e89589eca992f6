using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>A lane's first jobs are known when the next is claimed: whatever has come and gone meanwhile.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task Jobs_whose_moment_or_signal_comes_go_to_their_places()
    {
        var delayed = await Driver.AddAsync(Driver.NewJob() with { NotBefore = Driver.Store.Now.AddMinutes(1), IsDelay = true });
        var waiting = await Driver.AddAsync(Driver.NewJob() with { Signal = "go" });
        var jobs = await Driver.AddManyAsync(6);
        var last = await Driver.AddAsync(Driver.NewJob() with { NotBefore = Driver.Store.Now.AddMinutes(1) });
        Assert.Equal(jobs[0], await ClaimOneAsync());

        var urgent = await Driver.AddAsync(Driver.NewJob() with { Priority = 1 });
        Assert.Equal(urgent, await ClaimOneAsync());
        await Driver.Store.SetSignalAsync("go");
        Assert.Equal(waiting, await ClaimOneAsync());
        Driver.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([delayed, .. jobs[1..], last], await ClaimOneByOneAsync());
    }

    [Fact]
    public async Task Jobs_that_come_back_stand_where_they_stood_as_their_rows_say()
    {
        var jobs = await Driver.AddManyAsync(6);
        Driver.Permits = 3;
        var claimed = await Driver.ClaimAsync();
        var throttledAt = Driver.Store.Now;
        await Driver.FinishAsync(claimed[0], new JobOutcome.Throttled(StoreDriver.Error()));
        await Driver.FinishAsync(claimed[1], new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
        await Driver.FinishAsync(claimed[2], new JobOutcome.Returned(), started: false);

        var again = await Driver.ClaimAsync();
        Assert.Equal(jobs[..3], again.Select(job => job.Id));
        Assert.Equal([2, 2, 1], again.Select(job => job.Attempt));
        Assert.Equal([0, 1, 0], again.Select(job => job.Failures));
        Assert.Equal([throttledAt, null, null], again.Select(job => job.ThrottledSince));

        await Driver.FinishAsync(again[1], new JobOutcome.Failed(StoreDriver.Error()));
        await Driver.Store.RetryAsync(jobs[1]);
        Assert.Equal(jobs[1], (await Driver.ClaimAsync())[0] is var reopened && (reopened.Attempt, reopened.Failures) == (3, 0) ? reopened.Id : default);
        Driver.Time.Advance(TimeSpan.FromMinutes(1));
        await Driver.FinishAsync(again[0], new JobOutcome.Throttled(StoreDriver.Error()));
        Assert.Equal((jobs[0], throttledAt), (await Driver.ClaimAsync())[0] is { Id: var id, ThrottledSince: var since } ? (id, since) : default);
    }

    [Fact]
    public async Task The_first_of_a_lock_line_goes_back_to_its_place()
    {
        var holder = await Driver.AddAsync(Driver.NewJob() with { Lock = "one" });
        var next = await Driver.AddAsync(Driver.NewJob() with { Lock = "one" });
        var jobs = await Driver.AddManyAsync(6);
        Driver.Permits = 1;
        var held = Assert.Single(await Driver.ClaimAsync());
        Assert.Equal(jobs[0], await ClaimOneAsync());

        await Driver.SucceedAsync(held);

        Assert.Equal(holder, held.Id);
        Assert.Equal([next, .. jobs[1..]], await ClaimOneByOneAsync());
    }

    [Fact]
    public async Task A_job_told_to_stop_does_not_go_round_again_however_its_attempt_ends()
    {
        var jobs = await Driver.AddManyAsync(2);
        var claimed = await Driver.ClaimAsync();
        await Driver.Store.CancelAsync(jobs[0], CancelReason.Request);
        await Driver.Store.CancelAsync(jobs[0], CancelReason.Batch);

        await Driver.FinishAsync(claimed[0], new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
        await Driver.FinishAsync(claimed[1], new JobOutcome.Cancelled(CancelReason.Deadline));

        Assert.Equal((JobState.Cancelled, CancelReason.Request), (await Driver.GetAsync(jobs[0])) is var first ? (first.State, first.CancelReason) : default);
        Assert.Equal((JobState.Cancelled, CancelReason.Deadline), (await Driver.GetAsync(jobs[1])) is var second ? (second.State, second.CancelReason) : default);
    }

    [Fact]
    public async Task What_a_job_sends_is_read_by_its_claim_unless_it_is_large()
    {
        var large = new byte[ClaimedJob.MaxReadBytes + 1];
        large.AsSpan().Fill((byte)'1');
        await Driver.AddAsync(Driver.NewJob());
        await Driver.AddAsync(Driver.NewJob() with { Payload = large });
        await Driver.AddAsync(Driver.NewJob() with { Payload = large.AsMemory(1) });

        var claimed = await Driver.ClaimAsync();

        Assert.Equal([0, large.Length, 0], claimed.Select(job => job.UnreadBytes));
        Assert.Equal([7, 0, large.Length - 1], claimed.Select(job => job.Payload.Length));
        Assert.Equal(large, (await Driver.Store.ReadInputAsync(claimed[1].Id)).Payload);
    }

    private async Task<JobId> ClaimOneAsync()
    {
        Driver.Permits = 1;
        return Assert.Single(await Driver.ClaimAsync()).Id;
    }

    private async Task<List<JobId>> ClaimOneByOneAsync()
    {
        Driver.Permits = 1;
        var claimed = new List<JobId>();
        while (await Driver.ClaimNowAsync() is [var job])
            claimed.Add(job.Id);
        return claimed;
    }
}
