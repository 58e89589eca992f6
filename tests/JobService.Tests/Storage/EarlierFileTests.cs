using System.Globalization;
using System.Text.Json.Nodes;
using JobService.Callbacks;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

/// <summary>A file that an earlier build has written opens, all of it is there under the same ids, and each job goes on to its right end.</summary>
public sealed class EarlierFileTests : IAsyncDisposable
{
    private readonly EarlierFile file = new();

    public ValueTask DisposeAsync() => file.DisposeAsync();

    [Fact]
    public async Task What_had_ended_is_told_as_then()
    {
        var ended = file.JobsThatWere("succeeded", "failed", "cancelled").ToList();
        Assert.Equal(19, ended.Count);
        foreach (var name in ended)
            AssertSays(file.KnownJob(name), await file.JobAsync(name));
        foreach (var (name, bytes) in file.Known["results"]!.AsObject())
            Assert.Equal(Convert.FromBase64String(bytes!.GetValue<string>()), await file.ResultAsync(name));
        foreach (var name in (string[])["over", "broken", "told-in-vain"])
            AssertSays(file.Known["batches"]![name]!, await file.GetAsync(file.PathOfBatch(name)));
        foreach (var (name, results) in file.Known["batchResults"]!.AsObject())
            AssertSays(results!, await file.GetAsync(file.PathOfBatch(name) + "/results?order=completion"));
    }

    [Fact]
    public async Task Queues_and_limits_are_as_they_were_defined()
    {
        foreach (var (name, queue) in file.Known["queues"]!.AsObject())
            AssertSays(queue!, await file.GetAsync("/v1/queues/" + name), "counts");
        foreach (var (name, limit) in file.Known["limits"]!.AsObject())
            AssertSays(limit!["config"]!, (await file.GetAsync("/v1/limits/" + name))["config"]!);
        Assert.Equal(13, file.Known["queues"]!.AsObject().Count);
        Assert.Equal(10, file.Known["limits"]!.AsObject().Count);
    }

    [Fact]
    public async Task What_limits_have_handed_out_and_responses_have_taught_still_holds()
    {
        foreach (var (name, state) in file.Known["limitsOfKeys"]!.AsObject())
            AssertSays(state!, await file.GetAsync($"/v1/limits/{name}?key=a"), ignored: name == "busy-each" ? "taken" : "");
        foreach (var name in (string[])["hourly-2", "daily-2", "busy", "busy-key", "busy-lane"])
        {
            var (then, now) = (file.KnownJob(name), await file.JobAsync(name));
            AssertSays(then, now, "until");
            var (until, stillUntil) = (then["waiting"]!["until"]!.GetValue<DateTimeOffset>(), now["waiting"]!["until"]!.GetValue<DateTimeOffset>());
            Assert.True((stillUntil - until).Duration() < TimeSpan.FromMilliseconds(1), $"{name} waits until {stillUntil:O} and not {until:O}");
        }

        await file.SendAsync(HttpMethod.Put, "/v1/limits/hour", """{"kind":"rate","permits":100,"periodSeconds":1}""");
        await file.SendAsync(HttpMethod.Put, "/v1/limits/day-each", """{"kind":"window","permits":4,"periodSeconds":86400,"scope":"perKey"}""");
        await file.SendAsync(HttpMethod.Delete, "/v1/limits/busy/learned");
        await file.SendAsync(HttpMethod.Delete, "/v1/limits/busy-each/learned?key=a");
        await file.SendAsync(HttpMethod.Delete, "/v1/queues/throttled-lane/learned?key=a");
        foreach (var name in (string[])["hourly-2", "daily-2", "busy", "busy-key", "busy-lane"])
            Assert.Equal("succeeded", (string?)(await file.EndAsync(name))["state"]);
    }

    [Fact]
    public async Task What_ran_is_tried_again_while_it_has_attempts_left()
    {
        var again = await file.EndAsync("running");
        Assert.Equal(("succeeded", 2, 1), ((string?)again["state"], (int?)again["attempt"], (int?)again["failures"]));
        Assert.Equal(["crashed", "succeeded"], again["attempts"]!.AsArray().Select(attempt => (string?)attempt!["outcome"]));
        Assert.Equal((string?)file.KnownJob("running")["startedAt"], (string?)again["attempts"]![0]!["startedAt"]);
        var poison = await file.EndAsync("poison");
        Assert.Equal(("failed", "crash"), ((string?)poison["state"], (string?)poison["error"]!["type"]));
        Assert.Equal("succeeded", (string?)(await file.EndAsync("behind-limits"))["state"]);
    }

    [Fact]
    public async Task Who_stood_in_the_line_of_a_lock_gets_it_in_the_order_of_the_line()
    {
        // The one that held it has crashed, and stands behind those that were there.
        JsonNode[] inOrder = [await file.EndAsync("locked-first"), await file.EndAsync("locked-second"), await file.EndAsync("running")];

        Assert.All(inOrder, job => Assert.Equal("succeeded", (string?)job["state"]));
        Assert.True(Time(inOrder[0], "finishedAt") <= Time(inOrder[1], "startedAt"), "The lock was held twice.");
        Assert.All(inOrder[..2], job => Assert.False(Time(job, "startedAt") < Time(inOrder[2], "finishedAt") && Time(inOrder[2], "startedAt") < Time(job, "finishedAt"), "The lock was held twice."));
    }

    [Fact]
    public async Task Waits_end_when_their_moment_comes_by_the_clock_that_each_goes_by()
    {
        Assert.Equal(("succeeded", 2), await EndOf("retried"));
        Assert.Equal(("succeeded", 1), await EndOf("delayed"));
        foreach (var name in (string[])["retried-long", "delayed-long", "not-before", "not-before-long", "wanted-before"])
            AssertSays(file.KnownJob(name), await file.JobAsync(name), "position");

        file.Time.StepWall(TimeSpan.FromHours(4)); // of elapsed time there have been ten minutes
        Assert.Equal(("succeeded", 1), await EndOf("not-before"));
        Assert.Equal(("succeeded", 1), await EndOf("delayed-long")); // that build wrote a delay down as a notBefore
        Assert.Equal("deadline", (string?)(await file.EndAsync("wanted-before"))["cancelReason"]);
        foreach (var name in (string[])["retried-long", "not-before-long"])
            Assert.Equal("queued", (string?)(await file.JobAsync(name))["state"]);

        async Task<(string?, int?)> EndOf(string name) => await file.EndAsync(name) is var job ? ((string?)job["state"], (int?)job["attempt"]) : default;
    }

    [Fact]
    public async Task Signals_release_who_waits_for_them()
    {
        AssertSays(file.Known["signals"]!["open-door"]!, await file.GetAsync("/v1/signals/open-door"));
        var shut = await file.GetAsync("/v1/signals/shut-door"); // the moment of a third one has come
        Assert.Equal((false, 3), ((bool)shut["set"]!, (int)shut["waiting"]!));
        await file.SendAsync(HttpMethod.Put, "/v1/signals/shut-door");
        foreach (var name in (string[])["shut-out", "shut-out-locked", "delayed-signalled"])
            Assert.Equal("succeeded", (string?)(await file.EndAsync(name))["state"]);
    }

    [Fact]
    public async Task Paused_lanes_go_on_in_their_order()
    {
        string[] lane = ["paused-first", "paused-second", "paused-third", "paused-fourth"];
        for (var place = 0; place < lane.Length; place++)
            Assert.Equal(("paused", place + 1), await file.JobAsync(lane[place]) is var job ? ((string?)job["waiting"]!["reason"], (int?)job["waiting"]!["position"]) : default);
        Assert.Equal(file.KnownJob("paused-gold")["id"]!.ToString(), Assert.Single((await file.GetAsync("/v1/jobs?tag=turn:gold"))["items"]!.AsArray())!["id"]!.ToString());

        await file.SendAsync(HttpMethod.Post, "/v1/queues/paused/resume");

        var starts = new List<DateTimeOffset>();
        foreach (var name in lane)
            starts.Add(Time(await file.EndAsync(name), "startedAt"));
        Assert.Equal(starts.Order(), starts);
        Assert.Equal("""{"name":"gold"}""", (await file.EndAsync("paused-gold"))["result"]!["echo"]!.ToJsonString());
    }

    [Fact]
    public async Task Batches_come_to_their_end()
    {
        // The upload died with the service; what it had brought has ended.
        Assert.Equal(("succeeded", 1), await file.GetAsync(file.PathOfBatch("open")) is var open ? ((string?)open["state"], (int?)open["total"]) : default);
        // Some were told to stop before the kill, one of them runs no more, the others are told now.
        var results = await file.GetAsync(file.PathOfBatch("stopping") + "/results?order=completion&wait=9&limit=1000");
        var stopped = await file.GetAsync(file.PathOfBatch("stopping"));
        Assert.Equal(("cancelled", 520, 520, "request"), ((string?)stopped["state"], (int?)stopped["total"], (int?)stopped["counts"]!["cancelled"], (string?)stopped["cancelReason"]));
        Assert.Equal(Enumerable.Range(1, 520), results["items"]!.AsArray().Select(result => (int)result!["completion"]!));
        Assert.Equal(520, results["items"]!.AsArray().Select(result => (int)result!["index"]!).Distinct().Count());
    }

    [Fact]
    public async Task Events_that_were_pending_are_sent_and_an_address_that_wants_none_stays_left_alone()
    {
        var pending = file.Known["deliveries"]!["told-in-vain"]!["items"]![0]!;

        await file.EndAsync("retried"); // its event is made by today's build
        var events = new List<WireRequest>();
        using var hang = new CancellationTokenSource(Patience.Hang);
        while (events.Count < 3)
        {
            await Task.Yield();
            hang.Token.ThrowIfCancellationRequested();
            events = [.. file.Api.Requests.Where(request => request.RequestLine.Contains("/hook/", StringComparison.Ordinal))];
        }

        Assert.DoesNotContain(events, request => request.RequestLine.Contains("gone", StringComparison.Ordinal));
        Assert.Contains(pending["id"]!.ToString(), events.Select(request => Assert.Single(request.Header("webhook-id"))));
        foreach (var request in events)
        {
            var signature = WebhookSignature.Of(
                WebhookSecret.Read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!, Assert.Single(request.Header("webhook-id")),
                long.Parse(Assert.Single(request.Header("webhook-timestamp")), CultureInfo.InvariantCulture), request.Body);
            Assert.Equal(signature, Assert.Single(request.Header("webhook-signature")));
        }

        foreach (var name in (string[])["told", "told-nobody"])
            AssertSays(file.Known["deliveries"]![name]!, await file.GetAsync(file.PathOf(name) + "/deliveries"));
        AssertSays(pending["attempts"]![0]!, (await file.GetAsync(file.PathOf("told-in-vain") + "/deliveries"))["items"]![0]!["attempts"]![0]!);
    }

    [Fact]
    public async Task Keys_of_requests_are_still_known_and_what_had_failed_can_be_tried_again()
    {
        // The very bytes: the fingerprint is theirs.
        const string Same = """
            {"queue": "calls", "key": "a", "payload": {"pet": "Tom", "grey": true}, "tags": {"order": "991", "city": "K\u00f6ln"}, "priority": 7, "weight": 1, "request": {"method": "PUT", "path": "/echo", "query": {"full": "1"}, "headers": {"x-given": "yes"}, "body": {"as": [1, 2.5, "it came"]}}}
            """;
        Assert.Equal(file.KnownJob("done")["id"]!.ToString(), (await file.SendAsync(HttpMethod.Post, "/v1/jobs", Same, ("Idempotency-Key", "\"order-991\"")))["id"]!.ToString());
        Assert.Equal((422, "/problems/idempotency-mismatch"), await file.RefusalAsync(HttpMethod.Post, "/v1/jobs", """{"payload":1}""", ("Idempotency-Key", "\"order-991\"")));

        await file.SendAsync(HttpMethod.Post, file.PathOf("missing") + "/retry");
        var again = await file.EndAsync("missing");
        Assert.Equal(("succeeded", 2), ((string?)again["state"], (int?)again["attempt"]));
        var request = file.Api.Requests.Single(request => request.RequestLine.Contains("/missing", StringComparison.Ordinal));
        Assert.Equal("""{"for": "missing"}""", request.Text);
        Assert.Equal($"\"{again["id"]}\"", Assert.Single(request.Header("idempotency-key")));
    }

    private static DateTimeOffset Time(JsonNode job, string field) => job[field]!.GetValue<DateTimeOffset>();

    /// <summary>All that was said then is said now; there may be more. The words of titles are free: their types are what counts.</summary>
    /// <param name="ignored">Fields of this name may differ.</param>
    private static void AssertSays(JsonNode then, JsonNode now, string ignored = "", string at = "")
    {
        switch (then)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.Where(field => field.Key != ignored && field.Key != "title" && field.Value is not null))
                {
                    Assert.True(now is JsonObject, $"{at} is {now.ToJsonString()}");
                    Assert.True(now[name] is not null, $"{at}/{name} is missing in {now.ToJsonString()}");
                    AssertSays(value!, now[name]!, ignored, $"{at}/{name}");
                }

                break;
            case JsonArray items:
                Assert.Equal(items.Count, now.AsArray().Count);
                for (var i = 0; i < items.Count; i++)
                    AssertSays(items[i]!, now[i]!, ignored, $"{at}/{i}");
                break;
            default:
                Assert.True(JsonNode.DeepEquals(then, now), $"{at} was {then.ToJsonString()} and is {now.ToJsonString()}");
                break;
        }
    }
}
