using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench;

/// <summary>The service as it is shipped (Release, <c>synchronous=FULL</c>), in a process of its own, on an empty database on a disk.</summary>
internal sealed class BenchService : IAsyncDisposable
{
    public const int ManyConnections = 64;

    private readonly DirectoryInfo data;

    private BenchService(DirectoryInfo data, ServerProcess process)
    {
        this.data = data;
        Process = process;
    }

    public ServerProcess Process { get; }

    /// <param name="program">Another build's JobService.dll. Default: this one.</param>
    public static async Task<BenchService> StartAsync(string? program = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var folder = NewDataFolder();
        return new BenchService(folder, await JobServiceProcess.StartAsync(folder, settings, program));
    }

    /// <summary>In the project's folder: one for temporary files may lie in memory, where a commit costs nothing, and the program's own is watched for changed settings.</summary>
    public static DirectoryInfo NewDataFolder() =>
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "data", $"{Environment.ProcessId}-{FreePort.Next()}"));

    /// <summary>The bare server that a ratio is measured against.</summary>
    public Task<ServerProcess> StartBareAsync()
    {
        var port = FreePort.Next();
        var program = Path.Combine(AppContext.BaseDirectory, "JobService.Bench.dll");
        return ServerProcess.StartAsync(["dotnet", program, "bare", $"http://127.0.0.1:{port}"], data, port, "/readyz");
    }

    public async Task PutAsync(string path, object body)
    {
        using var response = await Process.Client.PutAsJsonAsync(path, body);
        await ExpectSuccessAsync(response);
    }

    /// <summary>A queue that calls the simulated API, which answers at once.</summary>
    public Task PutInstantQueueAsync(string name, int maxConcurrency = 64) =>
        PutAsync($"/v1/queues/{name}", new { target = new { kind = "simulated" }, maxConcurrency, capacity = 100_000_000 });

    public async Task<JsonElement> PostAsync(string path, object? body = null)
    {
        using var response = await Process.Client.PostAsJsonAsync(path, body ?? new { });
        await ExpectSuccessAsync(response);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>The action takes no body.</summary>
    public async Task ActAsync(string path)
    {
        using var nothing = new ByteArrayContent([]);
        using var response = await Process.Client.PostAsync(new Uri(path, UriKind.Relative), nothing);
        await ExpectSuccessAsync(response);
    }

    public Task<JsonElement> GetAsync(string path) => Process.Client.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Fills a queue that is paused then: all its jobs wait before the first of them starts.</summary>
    public async Task SubmitWhilePausedAsync(string queue, int jobs, string? key = null)
    {
        await ActAsync($"/v1/queues/{queue}/pause");
        LoadGenerator.Run(Process.Address, Submission(queue, key: key), ManyConnections, TimeSpan.FromMinutes(5), jobs).Expecting(202);
    }

    /// <summary>Fills a queue, lets it go, and waits until the last of its jobs has ended.</summary>
    public async Task RunThroughAsync(string queue, int jobs)
    {
        await SubmitWhilePausedAsync(queue, jobs);
        await LetGoAsync(queue);
    }

    /// <summary>Lets a queue go that is paused, and waits until the last of its jobs has ended.</summary>
    public async Task LetGoAsync(string queue)
    {
        await ActAsync($"/v1/queues/{queue}/resume");
        await Drained.WaitAsync(this, queue);
    }

    /// <summary>All jobs that match, page by page.</summary>
    public async Task<List<JsonElement>> ListAsync(string filter)
    {
        var jobs = new List<JsonElement>();
        var cursor = "";
        do
        {
            var page = await GetAsync($"/v1/jobs?{filter}&limit=500{cursor}");
            jobs.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.TryGetProperty("nextCursor", out var next) && next.GetString() is { } text ? $"&cursor={Uri.EscapeDataString(text)}" : null;
        }
        while (cursor is not null);
        return jobs;
    }

    /// <summary>Jobs of a queue that have succeeded, and those that have not ended.</summary>
    public async Task<(long Succeeded, long Unfinished)> CountAsync(string queue)
    {
        var counts = (await GetAsync($"/v1/queues/{queue}")).GetProperty("counts");
        return (Of("succeeded"), Of("queued") + Of("running"));
        long Of(string state) => counts.GetProperty(state).GetInt64();
    }

    /// <summary>A job for the queue that its batch names.</summary>
    public const string Payload = """{"payload":{"order":4711,"customer":"customer-7","lines":[{"item":"A-17","count":2},{"item":"B-3","count":1}] } }""";

    /// <summary>The bytes of one submission.</summary>
    /// <param name="queue">Its queue.</param>
    /// <param name="headers">Header lines, each with its end.</param>
    /// <param name="key">Its key.</param>
    /// <param name="fields">Further fields of the job, with a comma behind each.</param>
    public static byte[] Submission(string queue, string headers = "", string? key = null, string fields = "")
    {
        var ofKey = key is null ? "" : $"\"key\":\"{key}\",";
        var body = $$"""{"queue":"{{queue}}",{{ofKey}}{{fields}}{{Payload[1..]}}""";
        return Encoding.ASCII.GetBytes(
            $"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{headers}\r\n{body}");
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        data.Delete(recursive: true);
    }

    private static async Task ExpectSuccessAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }
}
