using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>Clients whose connection is cut a thousand times, at any byte, while the batch runs.</summary>
public sealed class CutStreamTests(BatchService service) : IClassFixture<BatchService>
{
    private const int Jobs = 2_500;
    private const int Cuts = 250;

    /// <summary>So few that the cuts come to an end before the results do: head and all, a result has some 180 bytes.</summary>
    private const int MaxBytes = 2_400;

    [Theory]
    [InlineData("completion", "application/x-ndjson")]
    [InlineData("completion", "text/event-stream")]
    [InlineData("input", "application/x-ndjson")]
    [InlineData("input", "text/event-stream")]
    public async Task Nothing_is_missed_and_nothing_comes_twice(string order, string form)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var name = $"cut-{order}-{form.Length}";
        await service.Service.PutAsync($"/v1/limits/{name}", """{"kind":"rate","permits":1500,"burst":5}""");
        await service.Service.PutAsync($"/v1/queues/{name}", $$"""{"target":{"kind":"simulated"},"limits":["{{name}}"]}""");
        var lines = string.Concat(Enumerable.Repeat("{\"payload\":\"zwölf\"}\n", Jobs - 1));
        // The last job keeps the batch running as long as there are cuts.
        using var upload = await service.UploadAsync($"/v1/batches?queue={name}", $"{lines}{{\"payload\":1,\"waitFor\":{{\"signal\":\"{name}\"}}}}");
        var reader = new ResumingReader($"/v1/batches/{(await upload.JsonAsync()).Text("id")}/results?order={order}", form, TestContext.Current.CancellationToken);

        for (var cut = 0; cut < Cuts; cut++)
            await reader.ReadAsync(service.Address, random.Next(MaxBytes), reset: random.Next(2) == 0);
        Assert.False(reader.HasSummary);
        await service.Service.Store.SetSignalAsync(name);
        await reader.ReadAsync(service.Address, int.MaxValue);

        reader.AssertComplete(Jobs, $"seed {seed}: {reader.Results.Count} results");
    }
}
