using System.Net.Http.Json;
using JobService.Tests.Api;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>An API that counts calls, tokens and width by itself judges one queue with three limits that count three things.</summary>
[Collection(JudgesAlone.Name)]
public sealed class CountsTests
{
    private static readonly TimeSpan latency = TimeSpan.FromMilliseconds(5);

    private static readonly CountedLimits limits = new(Calls: 50, Tokens: 100_000, Period: TimeSpan.FromSeconds(1), AtOnce: 4);

    [Fact]
    public async Task No_window_of_calls_or_tokens_is_over_nor_the_width_and_what_binds_is_used()
    {
        // A machine that keeps a thread from its core for longer than L shows as a window over: a wrong count shows in every round.
        const int Rounds = 3;
        var (over, used) = (0, 0.0);
        for (var round = 0; round < Rounds && (round == 0 || over > 0 || used < 0.9); round++)
            (over, used) = await JudgeAsync();

        Assert.Equal(0, over);
        Assert.True(used >= 0.9, $"{used:0.000} of the binding limit is used.");
    }

    private static async Task<(int Over, double Used)> JudgeAsync()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });
        using var api = new CountingApi(latency);
        await service.PutAsync("/v1/limits/calls", $$"""{"kind":"window","permits":{{limits.Calls}},"periodSeconds":1,"counts":"calls"}""");
        await service.PutAsync("/v1/limits/tokens", $$"""{"kind":"window","permits":{{limits.Tokens}},"periodSeconds":1,"counts":"tokens","weightFrom":"usage.tokens"}""");
        await service.PutAsync("/v1/limits/width", $$"""{"kind":"concurrency","permits":{{limits.AtOnce}},"counts":"calls"}""");
        await service.PutAsync("/v1/queues/model", $$$"""{"target":{"kind":"http","baseAddress":"{{{api.BaseAddress}}}"},"limits":["calls","tokens","width"]}""");

        // First calls bind, then tokens.
        var random = new Random(7);
        var tokens = Enumerable.Range(0, 240).Select(n => n < 120 ? random.Next(50, 1_000) : random.Next(1_000, 8_001)).ToList();
        using var taken = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "model", jobs = tokens.Select(count => new { weights = new { tokens = count }, payload = new { tokens = count } }) }, hang);
        Assert.True(taken.IsSuccessStatusCode, await taken.Content.ReadAsStringAsync(hang));
        using var results = await service.Client.GetAsync(new Uri($"{taken.Headers.Location}/results?until=all&wait=40", UriKind.Relative), hang);
        Assert.True((await results.JsonAsync()).GetProperty("complete").GetBoolean());

        var counted = api.Stop();
        Assert.Equal(tokens.Order(), counted.Calls.Select(call => call.Tokens).Order());
        return (counted.Over(limits), counted.Used(limits, latency));
    }

    [Fact]
    public void The_judge_sees_what_is_too_many()
    {
        var few = new CountedLimits(Calls: 2, Tokens: 100, Period: TimeSpan.FromSeconds(1), AtOnce: 1);

        Assert.Equal(0, Counted(1, (0, 50), (0.5, 50), (1, 50), (1.5, 50)).Over(few));
        Assert.Equal(1, Counted(1, (0, 10), (0.5, 10), (0.999, 10)).Over(few));
        Assert.Equal(1, Counted(1, (0, 60), (0.999, 41)).Over(few));
        Assert.Equal(1, Counted(2, (0, 1)).Over(few));
        Assert.Equal(0.8, Counted(1, (0, 100), (1.25, 100)).Used(few, TimeSpan.Zero));
        Assert.Equal(0.5, Counted(1, (0, 1), (1, 1), (2, 1)).Used(few, TimeSpan.FromSeconds(0.5)));
    }

    private static CountedCalls Counted(int atOnce, params (double At, int Tokens)[] calls) =>
        new([.. calls.Select(call => new CountedCall(TimeSpan.FromSeconds(call.At), call.Tokens))], atOnce);
}
