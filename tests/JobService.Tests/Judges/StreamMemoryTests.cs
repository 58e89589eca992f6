using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>Who does not read holds no memory but a page of results.</summary>
[Collection(JudgesAlone.Name)]
public sealed class StreamMemoryTests : IDisposable
{
    private const int Jobs = 300;
    private const int Readers = 30;
    private const int MaxGrowth = 50 * 1024 * 1024;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-readers-");

    public void Dispose() => data.Delete(recursive: true);

    [Fact]
    public async Task Thirty_readers_that_do_not_read_hold_little_memory_and_hold_up_no_work()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var service = await JobServiceProcess.StartAsync(data);
        using var queue = await service.Client.PutAsJsonAsync("/v1/queues/fast", new { target = new { kind = "simulated" } }, hang);
        var large = await BatchAsync(service, Jobs, new string('x', 60_000), hang); // 18 MB, for each of them
        await BatchAsync(service, Jobs, "warm", hang);
        var before = service.Memory;

        var readers = new List<WireClient>();
        try
        {
            for (var i = 0; i < Readers; i++)
            {
                var form = i % 2 == 0 ? "application/x-ndjson" : "text/event-stream";
                readers.Add(await WireClient.GetAsync(service.Address, $"/v1/batches/{large}/results?order={(i % 3 == 0 ? "input" : "completion")}", form, hang));
                await readers[^1].ReadBytesAsync(1_000);
            }

            var most = service.Memory;
            for (var i = 0; i < 3; i++)
            {
                await BatchAsync(service, Jobs, "others", hang);
                most = Math.Max(most, service.Memory);
            }

            Assert.InRange(most - before, long.MinValue, MaxGrowth);
            Assert.Equal(Jobs + 1, (await readers[0].ReadToEndAsync()).Count(letter => letter == '\n'));
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    /// <returns>The id of a batch that has ended.</returns>
    private static async Task<string> BatchAsync(ServerProcess service, int jobs, string payload, CancellationToken hang)
    {
        using var lines = new StringContent(string.Concat(Enumerable.Repeat($"{{\"payload\":\"{payload}\"}}\n", jobs)), Encoding.UTF8, "application/x-ndjson");
        using var response = await service.Client.PostAsync(new Uri("/v1/batches?queue=fast", UriKind.Relative), lines, hang);
        var id = (await response.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;
        // The last of them: its page is small, however large the results are.
        var end = await service.Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{id}/results?order=completion&wait=60&limit=2&cursor=c{jobs - 1}", hang);
        Assert.True(end.GetProperty("complete").GetBoolean());
        return id;
    }
}
