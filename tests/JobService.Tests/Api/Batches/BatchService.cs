using System.Net;
using System.Text;
using System.Text.Json;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>A service for batches: a queue <c>fast</c> that answers at once, and short words for what tests do with it.</summary>
public class BatchService : IAsyncLifetime
{
    private protected static readonly Dictionary<string, string> settings = new()
    {
        ["JobService:Upstream:AllowPrivateNetworks"] = "true",
        ["JobService:Intake:MaxWaitSeconds"] = "0.2",
    };

    public BatchService()
        : this(ServiceFixture.With(settings))
    {
    }

    private protected BatchService(ServiceFixture service) => Service = service;

    public ServiceFixture Service { get; }

    public IPEndPoint Address => IPEndPoint.Parse(Service.Address.Authority);

    public async ValueTask InitializeAsync() => await Service.PutAsync("/v1/queues/fast", """{"target":{"kind":"simulated"}}""");

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Service.DisposeAsync();
    }

    /// <summary>A batch as JSON; anything but a 202 is a defect of the test.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> SubmitAsync(string json)
    {
        using var response = await Service.SendAsync(HttpMethod.Post, "/v1/batches", json);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync());
        return (await response.JsonAsync()).GetProperty("id").GetString()!;
    }

    /// <summary>A batch whose jobs wait for signals of their own, named by <paramref name="name"/> and their index.</summary>
    public Task<string> SubmitWaitingAsync(string name, int jobs, string queue = "fast", string more = "") => SubmitAsync(
        $$"""{"queue":"{{queue}}"{{more}},"jobs":[{{string.Join(',', Enumerable.Range(0, jobs).Select(i => $$"""{"payload":{{i}},"waitFor":{"signal":"{{name}}-{{i}}"} }"""))}}]}""");

    /// <summary>Lets jobs go, one after another: each has ended before the next starts.</summary>
    public async Task ReleaseAsync(string batch, string name, params int[] indexes)
    {
        foreach (var index in indexes)
        {
            var ended = (await BatchAsync(batch)).Ended;
            await Service.Store.SetSignalAsync($"{name}-{index}");
            await UntilAsync(batch, now => now.Ended > ended);
        }
    }

    public async Task<Batch> BatchAsync(string batch) => (await Service.Store.FindBatchAsync(new JobId(Guid.Parse(batch))))!;

    /// <summary>Waits until it is so.</summary>
    public async Task<Batch> UntilAsync(string batch, Func<Batch, bool> isSo)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        using var watch = Service.Hub().Watch(new JobId(Guid.Parse(batch)));
        while (true)
        {
            var now = await BatchAsync(batch);
            if (isSo(now))
                return now;
            await watch.ChangedAsync(Patience.Hang, TimeProvider.System, hang.Token);
        }
    }

    public Task<Batch> OverAsync(string batch) => UntilAsync(batch, now => now.IsOver);

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Service.SendAsync(HttpMethod.Get, path);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        return await response.JsonAsync();
    }

    /// <summary>A whole stream of results.</summary>
    /// <returns>Its lines, without empty ones.</returns>
    public async Task<string[]> StreamAsync(string path, string accept, params (string Name, string Value)[] headers)
    {
        using var response = await Service.SendAsync(HttpMethod.Get, path, null, [("Accept", accept), .. headers]);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        Assert.Equal(accept, response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async Task<HttpResponseMessage> UploadAsync(string path, string lines, string type = "application/x-ndjson")
    {
        using var content = new StringContent(lines, Encoding.UTF8, type);
        return await Service.Client.PostAsync(new Uri(path, UriKind.Relative), content, new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresBatchService() : BatchService(ServiceFixture.With(PostgresFixture.Settings(settings)));

/// <summary>Results as a client reads them.</summary>
internal static class ResultLines
{
    public static JobEventHub Hub(this ServiceFixture service) =>
        Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<JobEventHub>(service.Services);

    public static JsonElement Json(this string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.Clone();
    }

    public static int Index(this JsonElement result) => result.GetProperty("index").GetInt32();

    public static long Completion(this JsonElement result) => result.GetProperty("completion").GetInt64();

    public static string Text(this JsonElement element, string property) => element.GetProperty(property).ToString();

    public static bool IsSummary(this JsonElement line) => line.TryGetProperty("summary", out _);

    /// <summary>The indexes of a stream that ended with its summary.</summary>
    public static IEnumerable<int> Indexes(this string[] lines)
    {
        Assert.True(lines[^1].Json().IsSummary(), lines[^1]);
        return lines[..^1].Select(line => line.Json().Index());
    }
}
