using JobService.Callbacks;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>The way of an event from its commit to its receiver, on real sockets.</summary>
public sealed class CallbackSenderTests
{
    [Fact]
    public async Task An_end_is_told_at_once_signed_and_with_its_summary()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(204, ""));
        await using var driver = await SenderDriver.StartAsync();

        var job = await driver.EndJobAsync(receiver.Url);

        var request = await receiver.NextAsync();
        var delivery = await driver.NextTryAsync(job);
        Assert.Equal("POST /hook?tenant=7 HTTP/1.1", request.RequestLine);
        Assert.Equal(["application/json"], request.Header("content-type"));
        Assert.StartsWith("JobService/", Assert.Single(request.Header("user-agent")), StringComparison.Ordinal);
        Assert.Equal(delivery.Id.ToString(), request.Id());
        var timestamp = driver.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal([timestamp.ToString()], request.Header("webhook-timestamp"));
        Assert.Equal([WebhookSignature.Of(WebhookSecret.Read(SenderDriver.Secret)!, request.Id(), timestamp, request.Body)], request.Header("webhook-signature"));

        var told = request.Json();
        Assert.Equal(("job.cancelled", driver.Time.GetUtcNow().UtcDateTime), (told.GetProperty("type").GetString(), told.GetProperty("timestamp").GetDateTime()));
        var data = told.GetProperty("data");
        Assert.Equal((job.ToString(), "q", "cancelled", "request"),
            (data.GetProperty("id").GetString(), data.GetProperty("queue").GetString(), data.GetProperty("state").GetString(), data.GetProperty("cancelReason").GetString()));
        Assert.Equal($"/v1/jobs/{job}", data.GetProperty("links").GetProperty("self").GetString());

        Assert.Equal((DeliveryState.Delivered, null), (delivery.State, delivery.NextAttemptAt));
        var attempt = Assert.Single(delivery.Attempts);
        Assert.Equal((1, 204, null), (attempt.Number, attempt.Status, attempt.Error));
    }

    [Fact]
    public async Task A_failure_is_tried_again_with_the_same_id_and_bytes()
    {
        await using var receiver = new HookReceiver(number => WireReplies.Respond(number < 3 ? 500 : 200));
        await using var driver = await SenderDriver.StartAsync(driver => driver.Chance = 0.5);
        var job = await driver.EndJobAsync(receiver.Url);
        var first = await receiver.NextAsync();

        var delivery = await driver.NextTryAsync(job);
        Assert.Equal((DeliveryState.Pending, driver.Store.Now.AddSeconds(5.5)), (delivery.State, delivery.NextAttemptAt));
        await driver.Time.PassAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
        var second = await receiver.NextAsync();
        await driver.NextTryAsync(job);
        await driver.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(36));
        var third = await receiver.NextAsync();

        Assert.Equal([first.Id(), first.Id()], [second.Id(), third.Id()]);
        Assert.Equal([first.Text, first.Text], [second.Text, third.Text]);
        Assert.NotEqual(first.Header("webhook-timestamp"), second.Header("webhook-timestamp"));
        Assert.NotEqual(first.Header("webhook-signature"), second.Header("webhook-signature"));
        delivery = await driver.NextTryAsync(job);
        Assert.Equal([500, 500, 200], delivery.Attempts.Select(attempt => attempt.Status));
        Assert.Equal(DeliveryState.Delivered, delivery.State);
    }

    [Fact]
    public async Task After_a_day_of_failures_it_is_given_up()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(503));
        await using var driver = await SenderDriver.StartAsync();
        var job = await driver.EndJobAsync(receiver.Url);
        var began = driver.Time.GetUtcNow();

        Delivery delivery;
        while ((delivery = await driver.NextTryAsync(job)).State == DeliveryState.Pending)
            await PassAsync(driver, delivery.NextAttemptAt!.Value - driver.Store.Now);

        Assert.Equal((DeliveryState.Failed, 10, null), (delivery.State, delivery.Attempts.Count, delivery.NextAttemptAt));
        Assert.InRange(driver.Time.GetUtcNow() - began, TimeSpan.FromHours(24), TimeSpan.FromHours(36));
    }

    [Theory]
    [InlineData(302, "Location: http://127.0.0.1:1/elsewhere")]
    [InlineData(308, "Location: /hook")]
    public async Task A_redirect_is_a_failure_and_is_not_followed(int status, string location)
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(status, "", location));
        await using var driver = await SenderDriver.StartAsync();

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url));

        Assert.Equal((DeliveryState.Pending, status), (delivery.State, Assert.Single(delivery.Attempts).Status));
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task What_the_receiver_asks_to_wait_is_waited_and_no_day_more()
    {
        await using var receiver = new HookReceiver(number => WireReplies.Respond(429, "", number == 1 ? "Retry-After: 600" : "Retry-After: 99999999"));
        await using var driver = await SenderDriver.StartAsync();
        var job = await driver.EndJobAsync(receiver.Url);

        var asked = await driver.NextTryAsync(job);
        Assert.Equal(driver.Store.Now.AddSeconds(600), asked.NextAttemptAt);
        await PassAsync(driver, TimeSpan.FromSeconds(600));

        Assert.Equal(driver.Store.Now.AddDays(1), (await driver.NextTryAsync(job)).NextAttemptAt);
    }

    [Theory]
    [InlineData("Retry-After: Thu, 01 Jan 2026 12:10:00 GMT")]
    [InlineData("Retry-After: 1767269400")]
    [InlineData("Retry-After: 1767269400000")]
    [InlineData("retry-after-ms: 600000")]
    public async Task A_moment_counts_against_the_receivers_own_clock(string header)
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(503, "", "Date: Thu, 01 Jan 2026 12:00:00 GMT", header));
        await using var driver = await SenderDriver.StartAsync();

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url));

        Assert.Equal(driver.Store.Now.AddSeconds(600), delivery.NextAttemptAt);
    }

    [Fact]
    public async Task Who_asks_to_wait_less_than_the_schedule_is_not_asked_earlier()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(503, "", "Retry-After: 1"));
        await using var driver = await SenderDriver.StartAsync();

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url));

        Assert.Equal(driver.Store.Now.AddSeconds(5), delivery.NextAttemptAt);
    }

    [Fact]
    public async Task Gone_disables_the_address_for_what_waits_and_what_comes_until_it_is_asked_for()
    {
        await using var receiver = new HookReceiver(number => WireReplies.Respond(number == 1 ? 500 : number == 2 ? 410 : 200));
        await using var driver = await SenderDriver.StartAsync();
        var first = await driver.EndJobAsync(receiver.Url);
        await driver.NextTryAsync(first);
        var second = await driver.EndJobAsync(receiver.Url);
        var gone = await driver.NextTryAsync(second);

        var third = await driver.EndJobAsync(receiver.Url);

        Assert.Equal(DeliveryState.Disabled, gone.State);
        Assert.Equal([DeliveryState.Disabled, DeliveryState.Disabled], [(await driver.DeliveryAsync(first)).State, (await driver.DeliveryAsync(third)).State]);
        Assert.Equal(2, receiver.Count);

        await driver.Deliveries.RedeliverAsync(third, (await driver.DeliveryAsync(third)).Id);
        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(third)).State);
        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url))).State);
    }

    [Fact]
    public async Task A_private_address_is_not_called_and_not_tried_again_over_hours()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync(driver => driver.AllowPrivateNetworks = false);

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url));

        var attempt = Assert.Single(delivery.Attempts);
        Assert.Null(attempt.Status);
        Assert.Contains("AllowPrivateNetworks", attempt.Error, StringComparison.Ordinal);
        Assert.Equal((DeliveryState.Failed, 0), (delivery.State, receiver.ConnectionCount));
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_given_up_in_time_and_asked_by_one_alone()
    {
        await using var receiver = new HookReceiver(WireReplies.Silence());
        await using var driver = await SenderDriver.StartAsync();
        for (var i = 0; i < 6; i++)
            await driver.EndJobAsync(receiver.Url);
        await receiver.NextAsync();
        Assert.Equal(1, receiver.Count);

        await driver.Time.PassAsync(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15));

        Assert.Equal("No response within 15 s.", (await driver.Watched.NextTryAsync()).Error);
        await receiver.NextAsync();
        Assert.Equal(2, receiver.ConnectionCount);
    }

    [Fact]
    public async Task A_slow_receiver_delays_no_other()
    {
        await using var slow = new HookReceiver(WireReplies.Silence());
        await using var quick = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync();
        for (var i = 0; i < 50; i++)
            await driver.EndJobAsync(slow.Url);
        await slow.NextAsync();

        for (var i = 0; i < 20; i++)
            await driver.EndJobAsync(quick.Url);

        for (var i = 0; i < 20; i++)
            await quick.NextAsync();
        Assert.Equal(1, slow.Count);
    }

    [Fact]
    public async Task Many_receivers_that_never_answer_delay_no_other()
    {
        const int PlacesOfTheUnknown = 12;
        using var asked = new SemaphoreSlim(0);
        await using var quick = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync();
        var dead = Enumerable.Range(0, 4 * PlacesOfTheUnknown).Select(_ => new HookReceiver(_ =>
        {
            asked.Release();
            return WireReplies.Silence();
        })).ToArray();
        foreach (var receiver in dead)
            await driver.EndJobAsync(receiver.Url);
        var (job, since) = (await driver.EndJobAsync(quick.Url), driver.Time.GetUtcNow());

        // It is as unknown as they are: those before it are asked first, a quarter of a second for each dozen.
        var told = quick.NextAsync();
        while (!told.IsCompleted)
        {
            var places = 0;
            while (places < PlacesOfTheUnknown && !told.IsCompleted && await Task.WhenAny(asked.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken), told) != told)
                places++;
            driver.Time.Advance(TimeSpan.FromMilliseconds(250));
        }

        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(job)).State);
        Assert.True(driver.Time.GetUtcNow() - since <= TimeSpan.FromSeconds(1.25), $"{driver.Time.GetUtcNow() - since}");

        // And whoever has answered once waits for none of them.
        driver.Time.Advance(TimeSpan.FromSeconds(1));
        await driver.EndJobAsync(quick.Url);
        await quick.NextAsync();
        foreach (var receiver in dead)
            await receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_delivery_that_was_taken_is_sent_again_by_request()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync();
        var job = await driver.EndJobAsync(receiver.Url);
        var first = await receiver.NextAsync();
        var delivery = await driver.NextTryAsync(job);

        await driver.Deliveries.RedeliverAsync(job, delivery.Id);

        var second = await receiver.NextAsync();
        Assert.Equal((first.Id(), first.Text), (second.Id(), second.Text));
        Assert.Equal([1, 2], (await driver.NextTryAsync(job)).Attempts.Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task A_secret_of_the_configuration_signs_and_a_missing_one_is_a_failure_that_names_it()
    {
        const string Other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync(driver => driver.Configure("Hook", Other));

        await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url, new HeaderValue.FromConfiguration("Hook")));
        var request = await receiver.NextAsync();
        Assert.Equal(
            [WebhookSignature.Of(WebhookSecret.Read(Other)!, request.Id(), driver.Time.GetUtcNow().ToUnixTimeSeconds(), request.Body)],
            request.Header("webhook-signature"));

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url, new HeaderValue.FromConfiguration("Nobody")));
        Assert.Contains("JobService:Secrets:Nobody", Assert.Single(delivery.Attempts).Error, StringComparison.Ordinal);
        Assert.Equal((DeliveryState.Pending, 1), (delivery.State, receiver.Count));
    }

    [Fact]
    public async Task Of_an_endless_answer_only_the_status_counts()
    {
        await using var receiver = new HookReceiver(WireReplies.Huge(50_000_000));
        await using var driver = await SenderDriver.StartAsync();

        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url))).State);
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_is_tried_again()
    {
        await using var driver = await SenderDriver.StartAsync();

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync($"http://127.0.0.1:{FreePort.Next()}/"));

        Assert.Equal(DeliveryState.Pending, delivery.State);
        Assert.NotNull(Assert.Single(delivery.Attempts).Error);
    }

    private static Task PassAsync(SenderDriver driver, TimeSpan wait) =>
        // A wait of more than an hour is waited in hours.
        wait <= TimeSpan.FromHours(1) ? driver.Time.PassAsync(wait, wait) : AdvanceAsync(driver, wait);

    private static async Task AdvanceAsync(SenderDriver driver, TimeSpan wait)
    {
        await driver.Time.PassAsync(TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        driver.Time.Advance(wait - TimeSpan.FromHours(1));
    }
}
