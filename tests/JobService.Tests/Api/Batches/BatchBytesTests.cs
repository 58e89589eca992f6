using System.Net;
using System.Text;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>What a batch may come to in bytes, in whichever way it comes.</summary>
public sealed class BatchBytesTests : IAsyncLifetime
{
    private const int MaxJob = 1024 * 1024;

    private static readonly string half = new('x', 600_000);

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Intake:MaxHeldBytes"] = "2097152", ["JobService:Intake:MaxWaitSeconds"] = "0" });

    public async ValueTask InitializeAsync() => await service.PutAsync("/v1/queues/fast", """{"target":{"kind":"simulated"}}""");

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_job_has_its_bound_also_together_with_the_defaults()
    {
        var alone = await PostAsync($$"""{"jobs":[{"payload":1},{"payload":"{{half}}{{half}}"}]}""");
        var together = await PostAsync($$"""{"defaults":{"payload":"{{half}}"},"jobs":[{"request":{"bodyText":"{{half}}"} }]}""");

        Assert.Equal((HttpStatusCode.BadRequest, "/jobs/1"), alone);
        Assert.Equal((HttpStatusCode.BadRequest, "/jobs/0"), together);
    }

    [Fact]
    public async Task Defaults_count_in_each_job_that_does_not_give_them()
    {
        var most = 32 * MaxJob / half.Length;

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(Batch(most + 1, "{}"))).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(Batch(2 * most, """{"payload":1}"""))).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(Batch(most - 1, "{}"))).Status); // alone, it goes on beyond the budget
    }

    [Fact]
    public async Task Uploads_to_full_queues_do_not_stop_the_others()
    {
        await service.PutAsync("/v1/queues/full", """{"target":{"kind":"simulated"},"capacity":1}""");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/full/pause");
        using var first = await service.SendAsync(HttpMethod.Post, "/v1/jobs", """{"queue":"full","payload":1}""");
        var address = IPEndPoint.Parse(service.Address.Authority);
        var stuck = new List<WireClient>();
        try
        {
            for (var i = 0; i < 8; i++)
            {
                stuck.Add(await WireClient.UploadAsync(address, "/v1/batches?queue=full", TestContext.Current.CancellationToken));
                for (var line = 0; line < 4; line++)
                    await stuck[^1].SendChunkAsync($$"""{"payload":"{{half[..60_000]}}"}""" + "\n");
            }

            using var lines = new StringContent(string.Concat(Enumerable.Repeat("{\"payload\":1}\n", 2_000)), Encoding.UTF8, "application/x-ndjson");
            using var response = await service.Client.PostAsync(new Uri("/v1/batches?queue=fast", UriKind.Relative), lines, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }
        finally
        {
            stuck.ForEach(client => client.Dispose());
        }
    }

    private static string Batch(int jobs, string job) => $$"""{"defaults":{"payload":"{{half}}"},"jobs":[{{string.Join(',', Enumerable.Repeat(job, jobs))}}]}""";

    private async Task<(HttpStatusCode Status, string Pointers)> PostAsync(string json)
    {
        using var response = await service.SendAsync(HttpMethod.Post, "/v1/batches", json);
        return (response.StatusCode, response.StatusCode == HttpStatusCode.BadRequest ? (await ProblemJson.ReadAsync(response)).Item2 : "");
    }
}
