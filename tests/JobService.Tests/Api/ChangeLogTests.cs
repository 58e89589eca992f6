using JobService.Api;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Api;

/// <summary>Who changed what, from what to what: one line for each change at run time.</summary>
public sealed class ChangeLogTests : IAsyncDisposable
{
    private readonly LogLines<ChangeLog> log = new();
    private readonly ServiceFixture service;

    public ChangeLogTests() =>
        service = ServiceFixture.With(new Dictionary<string, string>(), services => services.AddSingleton<ILogger<ChangeLog>>(log));

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_limit_is_made_changed_and_deleted_in_a_line_each()
    {
        await service.PutAsync("/v1/limits/github", """{"kind":"rate","permits":50}""");
        await service.PutAsync("/v1/limits/github", """{"kind":"rate","permits":20,"burst":5,"scope":"perKey"}""");
        await service.PutAsync("/v1/limits/github", """{"kind":"concurrency","permits":20,"scope":"perKey"}""");
        using var delete = await service.SendAsync(HttpMethod.Delete, "/v1/limits/github");

        Assert.Equal(
            [
                "Limit github: created with kind rate, periodSeconds 1, burst 1, permits 50, counts weight, scope shared (by 127.0.0.1)",
                "Limit github: burst 1 → 5, permits 50 → 20, scope shared → perKey (by 127.0.0.1)",
                "Limit github: kind rate → concurrency, periodSeconds 1 → none, burst 5 → none (by 127.0.0.1)",
                "Limit github: deleted (by 127.0.0.1)",
            ],
            log.Texts);
        Assert.All(log.All, line => Assert.Equal(LogLevel.Information, line.Level));
        Assert.Equal(("Limit", "github", "127.0.0.1"),
            ((string?)log.All.First().Fields["Resource"], (string?)log.All.First().Fields["Name"], (string?)log.All.First().Fields["Client"]));
    }

    [Fact]
    public async Task A_queue_tells_its_nested_fields_its_pauses_and_its_purge()
    {
        await service.PutAsync("/v1/queues/q", "{}");
        await service.PutAsync("/v1/queues/q", """{"limits":["default"],"retry":{"maxAttempts":9},"keyShares":{"gold-7":4,"a.b, c":2},"target":{"kind":"http","baseAddress":"https://x"}}""");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        using var job = await service.SubmitAsync("""{"queue":"q","payload":1}""");
        using var purge = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/purge");
        using var resume = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/resume");
        using var delete = await service.SendAsync(HttpMethod.Delete, "/v1/queues/q");

        Assert.StartsWith("Queue q: created with target.kind simulated, target.latencySeconds.min 0,", log.Texts.First(), StringComparison.Ordinal);
        Assert.DoesNotContain("[]", log.Texts.First(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "Queue q: target.kind simulated → http, target.baseAddress none → \"https://x\", limits none → [\"default\"], keyShares.gold-7 none → 4, "
                + "keyShares.\"a.b, c\" none → 2, retry.maxAttempts 5 → 9, target.latencySeconds.min 0 → none, target.latencySeconds.max 0 → none, "
                + "target.failureRate 0 → none (by 127.0.0.1)",
                "Queue q: paused false → true (by 127.0.0.1)",
                "Queue q: purged, 1 jobs cancelled (by 127.0.0.1)",
                "Queue q: paused true → false (by 127.0.0.1)",
                "Queue q: deleted (by 127.0.0.1)",
            ],
            log.Texts.Skip(1));
    }

    [Fact]
    public async Task A_signal_is_told_when_it_is_set_and_when_it_is_cleared_and_not_again()
    {
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Delete })
        {
            using var response = await service.SendAsync(method, "/v1/signals/market-open");
        }

        Assert.Equal(["Signal market-open: set (by 127.0.0.1)", "Signal market-open: cleared (by 127.0.0.1)"], log.Texts);
    }

    [Fact]
    public async Task What_changes_nothing_says_nothing()
    {
        const string queue = """{"limits":["default"],"keyShares":{"a":2}}""";
        await service.PutAsync("/v1/limits/same", """{"kind":"rate","permits":50}""");
        await service.PutAsync("/v1/queues/same", queue);
        var before = log.All.Count;

        await service.PutAsync("/v1/limits/same", """{"permits":50,"burst":1,"kind":"rate"}""");
        await service.PutAsync("/v1/queues/same", queue);
        foreach (var refused in new[] { "/v1/queues/same/resume", "/v1/queues/same/purge", "/v1/queues/nowhere/pause" })
        {
            using var response = await service.SendAsync(HttpMethod.Post, refused);
        }

        foreach (var kept in new[] { "/v1/limits/default", "/v1/queues/default", "/v1/limits/nowhere" })
        {
            using var response = await service.SendAsync(HttpMethod.Delete, kept);
        }

        using var outdated = await service.SendAsync(HttpMethod.Put, "/v1/limits/same", """{"kind":"rate","permits":51}""", ("If-Match", "\"r1\""));
        using var unknown = await service.SendAsync(HttpMethod.Put, "/v1/queues/same", """{"limits":["nowhere"]}""");

        Assert.Equal(2, before);
        Assert.Equal(before, log.All.Count);
    }

    [Fact]
    public async Task A_credential_that_changes_is_told_and_not_shown()
    {
        await service.PutAsync("/v1/queues/secret", Queue("\"Bearer hush-1\""));
        await service.PutAsync("/v1/queues/secret", Queue("\"Bearer hush-2\""));
        await service.PutAsync("/v1/queues/secret", Queue("""{"fromConfiguration":"Token"}"""));

        Assert.DoesNotContain(log.Texts, text => text.Contains("hush", StringComparison.Ordinal));
        Assert.Equal(
            [
                "Queue secret: target.headers.Authorization *** → *** (by 127.0.0.1)",
                "Queue secret: target.headers.Authorization.fromConfiguration none → Token, target.headers.Authorization *** → none (by 127.0.0.1)",
            ],
            log.Texts.Skip(1));

        static string Queue(string authorization) =>
            """{"target":{"kind":"http","baseAddress":"https://x","headers":{"Authorization":VALUE}}}""".Replace("VALUE", authorization, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_stays_one_line_of_a_length_that_can_be_read()
    {
        var shares = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"{new string('k', 200)}{i}\":2"));
        await service.PutAsync("/v1/queues/long", $"{{\"keyShares\":{{{shares}}},\"weightFrom\":\"'a\\n\\u0085\\u001b[31m'\"}}");

        var line = Assert.Single(log.Texts);
        Assert.DoesNotContain(line, char.IsControl);
        Assert.EndsWith("more (by 127.0.0.1)", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 1_000, 20_000);
    }
}
