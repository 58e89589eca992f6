using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

/// <summary>Jobs are claimed for what is offered, once.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_claim_that_waits_goes_on_with_the_newest_offer()
    {
        var jobs = await Driver.AddManyAsync(5);
        var claim = Driver.Store.ClaimAsync(Driver.Store.Offer(0), CancellationToken.None);
        Driver.Store.Renew(Driver.Store.Offer(4), atOnce: false);
        Driver.Store.Renew(Driver.Store.Offer(2), atOnce: true);

        var (_, claimed) = await claim.WaitAsync(Hang, TestContext.Current.CancellationToken);
        Assert.Equal(jobs[..2], claimed.Select(job => job.Id));
    }

    [Fact]
    public async Task What_is_offered_in_the_middle_of_a_turn_is_not_lost()
    {
        var job = await Driver.AddAsync(Driver.NewJob());
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var keeping = Driver.Store.Keeping(0, () =>
        {
            reached.TrySetResult();
            goOn.Wait(Hang);
        });
        var claim = Driver.Store.ClaimAsync(keeping, CancellationToken.None);
        await reached.Task.WaitAsync(Hang, TestContext.Current.CancellationToken);
        Driver.Store.Renew(Driver.Store.Offer(1), atOnce: true);
        goOn.Set();

        Assert.Equal(job, Assert.Single((await claim.WaitAsync(Hang, TestContext.Current.CancellationToken)).Jobs).Id);
    }

    [Fact]
    public async Task An_offer_is_used_once()
    {
        await Driver.AddManyAsync(5);
        var (_, claimed) = await Driver.Store.ClaimAsync(Driver.Store.Offer(2), CancellationToken.None).WaitAsync(Hang, TestContext.Current.CancellationToken);
        Assert.Equal(2, claimed.Count);

        // Too late: nobody takes up what would be claimed for it.
        Driver.Store.Renew(Driver.Store.Offer(2), atOnce: true);
        await Driver.AddManyAsync(5);
        Assert.Equal((8, 2), await Driver.Store.CountAsync("q") is { } counts ? (counts.Queued, counts.Running) : default);
    }

    [Fact]
    public async Task A_claim_ends_without_jobs_when_its_offer_is_older_than_the_catalog()
    {
        var offer = Driver.Store.Offer(1);
        var claim = Driver.Store.ClaimAsync(offer, CancellationToken.None);
        await Driver.PutQueueAsync("other", new QueueDefinition { MaxConcurrency = 3 });
        Assert.Empty((await claim.WaitAsync(Hang, TestContext.Current.CancellationToken)).Jobs);

        // Nor does one wait that was on its way when the catalog changed.
        Assert.Empty((await Driver.Store.ClaimAsync(offer, CancellationToken.None).WaitAsync(Hang, TestContext.Current.CancellationToken)).Jobs);
        Assert.Empty(await Driver.ClaimNowAsync());
    }
}
