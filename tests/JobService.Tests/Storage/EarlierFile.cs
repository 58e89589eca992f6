using System.IO.Compression;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using JobService.Tests.Api;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace JobService.Tests.Storage;

/// <summary>A copy of the database that build b3622cd (28 November 2026) left behind when it was killed in the middle of its work, and the service of today on it.</summary>
/// <remarks><c>scripts/earlier-file.sh b3622cd</c> has made it; <c>Earlier/fill.py</c> says what is in it, and under which names it is known.</remarks>
internal sealed class EarlierFile : IAsyncDisposable
{
    /// <summary>Named in the file, as the address of targets and callbacks.</summary>
    private static readonly IPEndPoint api = new(IPAddress.Parse("127.19.82.7"), 31982);

    /// <summary>Retries, delays and deliveries have come due; what waits for an hour or more has not.</summary>
    private static readonly TimeSpan downFor = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-earlier-");
    private readonly ServiceFixture service;

    public EarlierFile()
    {
        using (var archive = ZipFile.OpenRead(Path.Combine(Source(), "jobs.zip")))
            archive.ExtractToDirectory(folder.FullName);
        Known = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.FullName, "known.json")))!.AsObject();
        Api = new RawTcpApi(_ => WireReplies.Respond(), api);
        Time = new ShiftedTime(Known["killedAt"]!.GetValue<DateTimeOffset>() + downFor);
        service = ServiceFixture.With(
            new Dictionary<string, string> { ["JobService:Storage:Path"] = Path.Combine(folder.FullName, "jobs.db"), ["JobService:Upstream:AllowPrivateNetworks"] = "true" },
            services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time)));
    }

    /// <summary>What that build said about all of it, just before the end.</summary>
    public JsonObject Known { get; }

    public RawTcpApi Api { get; }

    public ShiftedTime Time { get; }

    public IEnumerable<string> JobsThatWere(params string[] states) =>
        Known["jobs"]!.AsObject().Where(job => states.Contains(job.Value!["state"]!.GetValue<string>())).Select(job => job.Key);

    public JsonNode KnownJob(string name) => Known["jobs"]![name]!;

    public string PathOf(string job) => "/v1/jobs/" + KnownJob(job)["id"];

    public string PathOfBatch(string batch) => "/v1/batches/" + Known["batches"]![batch]!["id"];

    /// <summary>The job as it is now.</summary>
    public Task<JsonNode> JobAsync(string name) => GetAsync(PathOf(name));

    /// <summary>The job when it has ended.</summary>
    public async Task<JsonNode> EndAsync(string name)
    {
        var job = await GetAsync(PathOf(name) + "?wait=9");
        Assert.True(job["finishedAt"] is not null, $"{name} has not ended: {job}");
        return job;
    }

    public async Task<JsonNode> GetAsync(string path) => await SendAsync(HttpMethod.Get, path);

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var response = await service.SendAsync(method, path, json, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public async Task<byte[]> ResultAsync(string name)
    {
        using var response = await service.SendAsync(HttpMethod.Get, PathOf(name) + "/result");
        return await response.Content.ReadAsByteArrayAsync();
    }

    public async Task<(int Status, string Type)> RefusalAsync(HttpMethod method, string path, string json, params (string Name, string Value)[] headers)
    {
        using var response = await service.SendAsync(method, path, json, headers);
        return ((int)response.StatusCode, (await ProblemJson.ReadAsync(response)).Type);
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await Api.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string Source([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Earlier");
}
