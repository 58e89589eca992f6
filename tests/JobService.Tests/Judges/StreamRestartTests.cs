using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>Streams of results over the ends of the process that they come from.</summary>
[Collection(JudgesAlone.Name)]
public sealed class StreamRestartTests : IDisposable
{
    private const int Jobs = 4_000;
    private const int BytesBetweenEnds = 15_000;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-streams-");

    public void Dispose() => data.Delete(recursive: true);

    [Fact]
    public async Task A_restart_in_the_middle_loses_no_result_and_repeats_none()
    {
        var hang = TestContext.Current.CancellationToken;
        var id = await UploadAsync(hang);
        ResumingReader[] readers =
        [
            .. from order in (string[])["input", "completion"]
               from form in (string[])["application/x-ndjson", "text/event-stream"]
               select new ResumingReader($"/v1/batches/{id}/results?order={order}", form, hang),
        ];

        foreach (var end in (string[])["kill", "stop", "kill"])
        {
            await using var service = await JobServiceProcess.StartAsync(data);
            using var read = new CountdownEvent(readers.Length);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var reading = Task.WhenAll(readers.Select(reader => reader.ReadAsync(service.Address, BytesBetweenEnds, thenUntilCut: () =>
            {
                read.Signal();
                return ended.Task;
            })));
            await Task.Run(() => Assert.True(read.Wait(HangGuard, hang)), hang);

            if (end == "kill")
                service.Kill();
            ended.SetResult();
            if (end == "stop")
                Assert.Equal(0, await service.StopAsync());
            await reading.WaitAsync(HangGuard, hang);
            Assert.All(readers, reader => Assert.False(reader.HasSummary));
        }

        await using var last = await JobServiceProcess.StartAsync(data);
        await PaceAsync(last, 100_000, hang);
        await Task.WhenAll(readers.Select(reader => reader.ReadAsync(last.Address, int.MaxValue))).WaitAsync(HangGuard, hang);
        Assert.All(readers, reader => reader.AssertComplete(Jobs, $"{reader.Results.Count} results"));
    }

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    /// <summary>A batch that takes longer than the process lives.</summary>
    private async Task<string> UploadAsync(CancellationToken hang)
    {
        await using var service = await JobServiceProcess.StartAsync(data);
        await PaceAsync(service, 300, hang);
        using var queue = await service.Client.PutAsJsonAsync("/v1/queues/paced", new { target = new { kind = "simulated" }, limits = new[] { "paced" } }, hang);
        using var lines = new StringContent(string.Concat(Enumerable.Range(0, Jobs).Select(i => $"{{\"payload\":{i}}}\n")), Encoding.UTF8, "application/x-ndjson");
        using var response = await service.Client.PostAsync(new Uri("/v1/batches?queue=paced", UriKind.Relative), lines, hang);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;
    }

    private static async Task PaceAsync(ServerProcess service, int permits, CancellationToken hang)
    {
        using var limit = await service.Client.PutAsJsonAsync("/v1/limits/paced", new { kind = "rate", permits, burst = 5 }, hang);
        limit.EnsureSuccessStatusCode();
    }
}
