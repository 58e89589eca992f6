using System.Text;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>Whoever is to be told of an end is never forgotten, and is told what was true then.</summary>
public abstract partial class JobStoreContract
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Origin = "https://example.com";
    private const string Url = Origin + "/hooks/jobs?tenant=7";

    [Fact]
    public async Task The_end_of_a_job_makes_one_delivery_that_survives_a_crash()
    {
        var id = await AddTellingAsync();
        Assert.Empty(await Driver.Deliveries.ReceiversAsync());

        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var before = Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10));
        await ReopenAsync();

        var delivery = Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10));
        Assert.Equal((before.Id, "job.succeeded", Url, DeliveryState.Pending), (delivery.Id, delivery.Type, delivery.Url, delivery.State));
        Assert.Equal(Origin, Assert.Single(await Driver.Deliveries.ReceiversAsync()).Origin);
        var work = await OpenOnlyAsync();
        Assert.Equal((delivery.Id, new HeaderValue.Text(Secret), JobState.Succeeded, id), (work.Pending.Id, work.Callback.Secret, work.Job!.State, work.Job.Id));
        Assert.Equal("{}"u8.ToArray(), work.Job.Result!.Body!.Value.ToArray());
    }

    [Fact]
    public async Task Whoever_is_told_of_the_end_hears_of_the_delivery_in_the_same_commit()
    {
        var news = new List<StoreNews>();
        var id = await AddTellingAsync();
        var claimed = Assert.Single(await Driver.ClaimAsync());
        Driver.Store.Committed += news.Add;

        await Driver.SucceedAsync(claimed);

        var commit = Assert.Single(news);
        Assert.Equal((id, Origin), (Assert.Single(commit.Ended).Job, Assert.Single(commit.DueReceivers)));
    }

    [Theory]
    [InlineData("failed", "job.failed")]
    [InlineData("cancelled while it waits", "job.cancelled")]
    [InlineData("cancelled while it runs", "job.cancelled")]
    [InlineData("deadline", "job.cancelled")]
    [InlineData("crash", "job.failed")]
    public async Task Every_way_to_end_is_told(string way, string type)
    {
        var job = Telling() with { MaxAttempts = 1, StartBefore = way == "deadline" ? Driver.Store.Now.AddSeconds(1) : null };
        var id = await Driver.AddAsync(job);
        switch (way)
        {
            case "failed":
                await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error()));
                break;
            case "cancelled while it waits":
                await Driver.Store.CancelAsync(id, CancelReason.Request);
                break;
            case "cancelled while it runs":
                await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Cancelled(CancelReason.Request));
                break;
            case "deadline":
                Driver.Time.Advance(TimeSpan.FromSeconds(2));
                await Driver.ClaimNowAsync();
                break;
            case "crash":
                await Driver.ClaimAsync();
                await ReopenAsync();
                break;
        }

        Assert.Equal(type, Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10)).Type);
    }

    [Fact]
    public async Task A_job_without_a_callback_tells_nobody()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        Assert.Empty(await Driver.Deliveries.DeliveriesAsync(id, 10));
        Assert.Null((await Driver.GetAsync(id)).CallbackUrl);
    }

    [Fact]
    public async Task A_retry_by_request_changes_nothing_of_what_was_told_before_and_its_end_is_another_event()
    {
        var id = await AddTellingAsync();
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error()));
        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        await Driver.Store.RetryAsync(id);

        var first = await OpenOnlyAsync();
        Assert.Equal((JobState.Failed, 1, "because"), (first.Job!.State, first.Job.Attempt, first.Job.Error!.Detail));

        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        var told = await Driver.Deliveries.DeliveriesAsync(id, 10);
        Assert.Equal(["job.succeeded", "job.failed"], told.Select(delivery => delivery.Type));
        Assert.NotEqual(told[0].Id, told[1].Id);
        first = (await Driver.Deliveries.OpenAsync(told[1].Id))!;
        Assert.Equal((JobState.Failed, 1), (first.Job!.State, first.Job.Attempt));
        Assert.Null(first.Job.Result);
    }

    [Fact]
    public async Task A_try_is_logged_and_its_bytes_are_kept_for_the_next()
    {
        var id = await EndAsync();
        var work = await OpenOnlyAsync();
        var at = Driver.Store.Now;

        await Driver.Deliveries.FinishTryAsync(Failed(work) with { Body = "first"u8.ToArray() });

        var delivery = Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10));
        Assert.Equal((DeliveryState.Pending, at.AddSeconds(5)), (delivery.State, delivery.NextAttemptAt));
        Assert.Equal(new DeliveryAttempt(1, at, 500, TimeSpan.FromSeconds(0.25), "no"), Assert.Single(delivery.Attempts));
        var again = await OpenOnlyAsync();
        Assert.Equal(("first", 1), (Encoding.UTF8.GetString(again.Body!), again.Failures));

        await Driver.Deliveries.FinishTryAsync(Delivered(again) with { Body = "second"u8.ToArray() });

        delivery = Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10));
        Assert.Equal((DeliveryState.Delivered, null, 2), (delivery.State, delivery.NextAttemptAt, delivery.Attempts.Count));
        Assert.Null(await Driver.Deliveries.OpenAsync(delivery.Id));
        await Driver.Deliveries.RedeliverAsync(id, delivery.Id);
        Assert.Equal("first", Encoding.UTF8.GetString((await OpenOnlyAsync()).Body!));
    }

    [Fact]
    public async Task Pending_deliveries_stand_in_the_order_in_which_they_are_due()
    {
        var first = await EndAsync();
        await Driver.Deliveries.FinishTryAsync(Failed(await OpenOnlyAsync()));
        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await EndAsync();

        var pending = await Driver.Deliveries.PendingAsync(Origin, 10);

        var ids = new[] { (await Driver.Deliveries.DeliveriesAsync(second, 1))[0].Id, (await Driver.Deliveries.DeliveriesAsync(first, 1))[0].Id };
        Assert.Equal(ids, pending.Select(delivery => delivery.Id));
        Assert.Equal(new ReceiverDue(Origin, pending[0].At), Assert.Single(await Driver.Deliveries.ReceiversAsync()));
        Assert.Equal(ids[..1], (await Driver.Deliveries.PendingAsync(Origin, 1)).Select(delivery => delivery.Id));
        Assert.Empty(await Driver.Deliveries.PendingAsync("https://example.com:444", 10));
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_told_nothing_more_until_it_is_asked_for()
    {
        var (first, second, elsewhere) = (await EndAsync(), await EndAsync(), await EndAsync(Origin + "/other"));
        await FinishAsync(first, work => Gone(work));

        Assert.Equal([DeliveryState.Disabled, DeliveryState.Disabled, DeliveryState.Pending], [await StateAsync(first), await StateAsync(second), await StateAsync(elsewhere)]);

        await ReopenAsync();
        var third = await EndAsync();
        Assert.Equal(DeliveryState.Disabled, await StateAsync(third));

        var asked = (await Driver.Deliveries.DeliveriesAsync(third, 1))[0];
        Assert.Equal(DeliveryState.Pending, (await Driver.Deliveries.RedeliverAsync(third, asked.Id))!.State);
        Assert.Equal(DeliveryState.Pending, await StateAsync(await EndAsync()));
        Assert.Equal(DeliveryState.Disabled, await StateAsync(second));
    }

    [Fact]
    public async Task What_is_asked_for_while_it_is_being_sent_is_sent_again()
    {
        var id = await EndAsync();
        var work = await OpenOnlyAsync();
        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        await Driver.Deliveries.RedeliverAsync(id, work.Pending.Id);

        await Driver.Deliveries.FinishTryAsync(Delivered(work));

        var delivery = Assert.Single(await Driver.Deliveries.DeliveriesAsync(id, 10));
        Assert.Equal((DeliveryState.Pending, 1), (delivery.State, delivery.Attempts.Count));
    }

    [Fact]
    public async Task A_delivery_is_asked_for_by_its_own_job_only()
    {
        var (id, other) = (await EndAsync(), await EndAsync());
        var delivery = (await Driver.Deliveries.DeliveriesAsync(id, 1))[0].Id;

        Assert.Null(await Driver.Deliveries.RedeliverAsync(other, delivery));
        Assert.Null(await Driver.Deliveries.RedeliverAsync(id, JobId.FromParts(delivery.Stamp, delivery.Salt ^ 1)));
    }

    [Fact]
    public async Task A_job_is_kept_until_its_end_was_told_and_takes_its_deliveries_with_it()
    {
        var id = await EndAsync();
        var work = await OpenOnlyAsync();
        Driver.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await Driver.Store.PruneAsync(Driver.Store.Now, 100)).Deleted);

        await Driver.Deliveries.FinishTryAsync(Delivered(work));
        Assert.Equal(1, (await Driver.Store.PruneAsync(Driver.Store.Now, 100)).Deleted);

        Assert.Null(await Driver.Store.FindAsync(id, 0));
        Assert.Empty(await Driver.Deliveries.DeliveriesAsync(id, 10));
    }

    [Fact]
    public async Task The_retention_forgets_that_a_receiver_was_gone()
    {
        await FinishAsync(await EndAsync(), work => Gone(work));
        Driver.Time.Advance(TimeSpan.FromDays(1));
        await Driver.Store.PruneAsync(Driver.Store.Now, 100);

        Assert.Equal(DeliveryState.Pending, await StateAsync(await EndAsync()));
    }

    private NewJob Telling(string url = Url) => Driver.NewJob() with { Callback = new Callback(url, new HeaderValue.Text(Secret)) };

    private Task<JobId> AddTellingAsync() => Driver.AddAsync(Telling());

    private async Task<JobId> EndAsync(string url = Url)
    {
        var id = await Driver.AddAsync(Telling(url));
        await Driver.Store.CancelAsync(id, CancelReason.Request);
        return id;
    }

    private async Task<DeliveryWork> OpenOnlyAsync() =>
        (await Driver.Deliveries.OpenAsync(Assert.Single(await Driver.Deliveries.PendingAsync(Origin, 10)).Id))!;

    private async Task FinishAsync(JobId subject, Func<DeliveryWork, DeliveryTry> end)
    {
        var delivery = Assert.Single(await Driver.Deliveries.DeliveriesAsync(subject, 10));
        await Driver.Deliveries.FinishTryAsync(end((await Driver.Deliveries.OpenAsync(delivery.Id))!));
    }

    private async Task<DeliveryState> StateAsync(JobId subject) => Assert.Single(await Driver.Deliveries.DeliveriesAsync(subject, 10)).State;

    private DeliveryTry Failed(DeliveryWork work) =>
        new(work.Pending, Driver.Store.Now, TimeSpan.FromSeconds(0.25), 500, "no", "{}"u8.ToArray(), DeliveryState.Pending, Driver.Store.Now.AddSeconds(5));

    private DeliveryTry Delivered(DeliveryWork work) => Failed(work) with { Status = 204, Error = null, State = DeliveryState.Delivered, NextAt = null };

    private DeliveryTry Gone(DeliveryWork work) => Failed(work) with { Status = 410, State = DeliveryState.Disabled, NextAt = null };
}
