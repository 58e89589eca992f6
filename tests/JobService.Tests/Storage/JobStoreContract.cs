using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>What every store promises about the arrows of a job. One suite for all databases.</summary>
public abstract partial class JobStoreContract : IAsyncLifetime
{
    protected StoreDriver Driver { get; private set; } = null!;

    /// <summary>Opens the store, again if it was open before: then as after a crash.</summary>
    protected abstract Task<StoreDriver> OpenAsync();

    public async ValueTask InitializeAsync()
    {
        Driver = await OpenAsync();
        await Driver.PutQueueAsync("q");
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task ReopenAsync(Action? meanwhile = null)
    {
        await Driver.DisposeAsync();
        meanwhile?.Invoke();
        Driver = await OpenAsync();
    }

    [Fact]
    public async Task An_accepted_job_is_there_after_a_restart()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { Key = "k", Priority = 3, Tags = new Dictionary<string, string> { ["order"] = "991" } });

        await ReopenAsync();

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Queued, "k", 3), (job.State, job.Key, job.Priority));
        Assert.Equal("991", job.Tags!["order"]);
        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_claimed_job_runs_with_a_lease_and_its_payload()
    {
        var id = await Driver.AddAsync(Driver.NewJob());

        var claimed = Assert.Single(await Driver.ClaimAsync());

        Assert.Equal((id, 1, 0, 5), (claimed.Id, claimed.Attempt, claimed.Failures, claimed.MaxAttempts));
        Assert.Equal("""{"n":1}"""u8.ToArray(), claimed.Payload.ToArray());
        Assert.Equal(JobState.Running, (await Driver.GetAsync(id)).State);
    }

    [Fact]
    public async Task A_job_has_one_result_and_a_late_end_changes_nothing()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        var claimed = Assert.Single(await Driver.ClaimAsync());

        Assert.Equal(1, await Driver.FinishAsync(claimed, StoreDriver.Success("""{"first":true}""")));
        Assert.Equal(0, await Driver.FinishAsync(claimed, StoreDriver.Success("""{"first":false}""")));
        Assert.Equal(0, await Driver.FinishAsync(claimed, new JobOutcome.Failed(StoreDriver.Error())));

        var job = await Driver.GetAsync(id);
        Assert.Equal(JobState.Succeeded, job.State);
        Assert.Equal("""{"first":true}"""u8.ToArray(), job.Result!.Body!.Value.ToArray());
        var attempt = Assert.Single(job.Attempts!);
        Assert.Equal((1, 200, "succeeded"), (attempt.Number, attempt.Status, attempt.Outcome));
    }

    [Fact]
    public async Task An_attempt_from_before_the_crash_cannot_end_the_job_that_was_claimed_again()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        var lost = Assert.Single(await Driver.ClaimAsync());
        await ReopenAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        Assert.NotEqual(lost.Lease, holder.Lease);

        Assert.Equal(0, await Driver.FinishAsync(lost, StoreDriver.Success("\"late\"")));
        Assert.Equal(JobState.Running, (await Driver.GetAsync(id)).State);
        Assert.Equal(1, await Driver.SucceedAsync(holder));
        Assert.Equal(JobState.Succeeded, (await Driver.GetAsync(id)).State);
    }

    [Fact]
    public async Task A_crash_counts_one_failure_and_the_last_one_fails_the_job()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { MaxAttempts = 2 });
        await Driver.ClaimAsync();

        await ReopenAsync();
        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Queued, 1, 1), (job.State, job.Failures, job.Attempt));
        Assert.Equal("crashed", Assert.Single(job.Attempts!).Outcome);
        Assert.Equal(2, Assert.Single(await Driver.ClaimAsync()).Attempt);

        await ReopenAsync();
        job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Failed, 2), (job.State, job.Failures));
        Assert.Equal(ErrorTypes.Crash, job.Error!.Type);
    }

    [Fact]
    public async Task A_failure_is_tried_again_when_its_wait_is_over_and_not_before()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        var claimed = Assert.Single(await Driver.ClaimAsync());
        await Driver.FinishAsync(claimed, new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.FromSeconds(3)));

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Queued, 1, WaitReason.Retry), (job.State, job.Failures, job.Waiting!.Reason));
        Driver.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Empty(await Driver.ClaimNowAsync());

        Driver.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(2, Assert.Single(await Driver.ClaimAsync()).Attempt);
    }

    [Fact]
    public async Task What_never_reached_the_send_is_no_attempt()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        var claimed = Assert.Single(await Driver.ClaimAsync());

        await Driver.FinishAsync(claimed, new JobOutcome.Unstarted(), started: false);

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Queued, 0, 0), (job.State, job.Attempt, job.Failures));
        Assert.Empty(job.Attempts!);
        Assert.Equal(1, Assert.Single(await Driver.ClaimAsync()).Attempt);
    }

    [Fact]
    public async Task A_failure_before_the_send_is_no_attempt_either()
    {
        var id = await Driver.AddAsync(Driver.NewJob());

        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error(ErrorTypes.MissingSecret)), started: false);

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Failed, 0, 1), (job.State, job.Attempt, job.Failures));
        Assert.Empty(job.Attempts!);
    }

    [Fact]
    public async Task A_shutdown_returns_the_job_without_a_failure()
    {
        var id = await Driver.AddAsync(Driver.NewJob());

        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Returned());

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Queued, 1, 0), (job.State, job.Attempt, job.Failures));
    }

    [Fact]
    public async Task A_waiting_job_is_cancelled_at_once_and_never_claimed()
    {
        var id = await Driver.AddAsync(Driver.NewJob());

        Assert.IsType<CancelOutcome.Cancelled>(await Driver.Store.CancelAsync(id, CancelReason.Request));

        Assert.Empty(await Driver.ClaimNowAsync());
        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Cancelled, CancelReason.Request), (job.State, job.CancelReason));
        Assert.IsType<CancelOutcome.Cancelled>(await Driver.Store.CancelAsync(id, CancelReason.Request));
    }

    [Fact]
    public async Task A_running_job_is_told_to_stop_and_does_not_go_round_again()
    {
        var told = new List<StopRequest>();
        Driver.Store.Committed += news => told.AddRange(news.StopRequests);
        var id = await Driver.AddAsync(Driver.NewJob());
        var claimed = Assert.Single(await Driver.ClaimAsync());

        Assert.IsType<CancelOutcome.Stopping>(await Driver.Store.CancelAsync(id, CancelReason.Disconnect));
        Assert.Equal(new StopRequest(id, CancelReason.Disconnect), Assert.Single(told));
        Assert.True((await Driver.GetAsync(id)).Stopping);
        await Driver.FinishAsync(claimed, new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));

        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Cancelled, CancelReason.Disconnect), (job.State, job.CancelReason));
    }

    [Fact]
    public async Task A_finished_job_cannot_be_cancelled_and_only_an_unlucky_one_retried()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        Assert.Equal(new CancelOutcome.Finished(JobState.Succeeded), await Driver.Store.CancelAsync(id, CancelReason.Request));
        Assert.Equal(new RetryOutcome.WrongState(JobState.Succeeded), await Driver.Store.RetryAsync(id));
        Assert.IsType<CancelOutcome.NotFound>(await Driver.Store.CancelAsync(Driver.NewJob().Id, CancelReason.Request));
    }

    [Fact]
    public async Task A_retry_by_request_starts_with_no_failures()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error()));
        Assert.Equal(JobState.Failed, (await Driver.GetAsync(id)).State);

        Assert.IsType<RetryOutcome.Requeued>(await Driver.Store.RetryAsync(id));

        var claimed = Assert.Single(await Driver.ClaimAsync());
        Assert.Equal((id, 2, 0), (claimed.Id, claimed.Attempt, claimed.Failures));
    }

    [Fact]
    public async Task Ends_are_told_after_the_commit()
    {
        var ended = new TaskCompletionSource<JobEnded>(TaskCreationOptions.RunContinuationsAsynchronously);
        Driver.Store.Committed += news => ended.TrySetResult(news.Ended[0]);
        var id = await Driver.AddAsync(Driver.NewJob());

        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        Assert.Equal(new JobEnded(id, "q", JobState.Succeeded), await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_same_submission_again_is_the_same_job()
    {
        var job = Driver.NewJob() with { Idempotency = new IdempotencyKey("order-7", new byte[] { 1, 2, 3 }) };
        var id = await Driver.AddAsync(job);

        var again = await Driver.SubmitAsync(Driver.NewJob() with { Idempotency = job.Idempotency });
        var other = await Driver.SubmitAsync(Driver.NewJob() with { Idempotency = new IdempotencyKey("order-7", new byte[] { 4 }) });

        Assert.Equal(new Addition.Replayed(id), again);
        Assert.IsType<Addition.Mismatched>(other);
        Assert.Single(await Driver.ClaimAsync());
    }

    [Fact]
    public async Task What_contradicts_the_configuration_is_not_taken_in()
    {
        await Driver.PutRateAsync("even", permits: 10);
        await Driver.PutQueueAsync("limited", "even");

        Assert.IsType<Addition.UnknownQueue>(await Driver.SubmitAsync(Driver.NewJob("nowhere")));
        Assert.Equal(new Addition.NeverFits("even", 1, "weight"), await Driver.SubmitAsync(Driver.NewJob("limited") with { Weight = 2 }));
        Assert.IsType<Addition.RequestNotAllowed>(await Driver.SubmitAsync(Driver.NewJob() with { Request = new ApiRequest { Method = "GET" } }));
        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task A_queue_takes_as_many_unfinished_jobs_as_it_may_over_restarts()
    {
        await Driver.PutQueueAsync("small", new QueueDefinition { Capacity = 2 });
        await Driver.AddManyAsync(2, "small");
        Assert.IsType<Addition.Full>(await Driver.SubmitAsync(Driver.NewJob("small")));

        await ReopenAsync();
        Assert.IsType<Addition.Full>(await Driver.SubmitAsync(Driver.NewJob("small")));
        await Driver.SucceedAsync((await Driver.ClaimAsync())[0]);
        await Driver.AddAsync(Driver.NewJob("small"));
        Assert.Equal(new QueueCounts(1, 1, 1, 0, 0), await Driver.Store.CountAsync("small"));
    }
}
