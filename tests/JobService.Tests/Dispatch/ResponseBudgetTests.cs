using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>Responses between call and commit share a budget: the call whose response finds no room goes on, with its permit.</summary>
public sealed class ResponseBudgetTests : IAsyncDisposable
{
    /// <summary>One fits, one goes beyond, the third waits.</summary>
    private const int Fit = 2;

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string>
    {
        ["JobService:Upstream:AllowPrivateNetworks"] = "true",
        ["JobService:Upstream:MaxHeldBytes"] = "1048576",
    });

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Responses_that_are_processed_keep_the_next_ones_with_their_api()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = new string('x', 700_000);
        await using var api = new RawTcpApi(request =>
        {
            (request.Number switch { Fit + 1 => waits, Fit + 2 => goesOn, _ => null })?.TrySetResult();
            return WireReplies.Respond(body: body);
        });
        await using var small = new RawTcpApi(WireReplies.Respond());
        await service.PutAsync("/v1/queues/large", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "maxConcurrency": 1, "process": {"kind": "simulated", "cpuSeconds": 600}}""");
        await service.PutAsync("/v1/queues/small", $$$"""{"target": {"kind": "http", "baseAddress": "{{{small.Address}}}"}}""");
        var jobs = new List<string>();
        for (var i = 0; i < Fit + 2; i++)
            jobs.Add((await SubmitAsync("large")).GetProperty("id").GetString()!);
        await waits.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

        // Others are served meanwhile; without a budget the fourth call would be made before the first of these.
        for (var i = 0; i < 5; i++)
            Assert.Equal("succeeded", (await SubmitAsync("small", ("Prefer", "wait=10"))).GetProperty("state").GetString());
        Assert.False(goesOn.Task.IsCompleted);

        using var cancelled = await service.SendAsync(HttpMethod.Post, $"/v1/jobs/{jobs[0]}/cancel");
        await goesOn.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> SubmitAsync(string queue, params (string, string)[] headers)
    {
        using var submitted = await service.SubmitAsync($$"""{"queue": "{{queue}}", "payload": 1}""", headers);
        return JsonElement.Parse(await submitted.Content.ReadAsStringAsync());
    }
}
