using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using JobService.Api;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Api;
using JobService.Tests.Api.Batches;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Docs;

/// <summary>Behind the proxies of docs/proxies.md everything works, at the root and under a path.</summary>
public sealed partial class ProxyTests
{
    private static readonly CancellationToken hang = TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Proxies => new() { { "nginx", "" }, { "nginx", "/jobservice" }, { "haproxy", "" }, { "haproxy", "/jobservice" } };

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Waits_links_and_addresses(string program, string pathBase)
    {
        await using var proxied = await ProxiedService.StartAsync(program, pathBase);

        using var submitted = await PostAsync(proxied, "/v1/jobs", """{"payload":1}""", ("Prefer", "wait=20"));
        var job = await submitted.JsonAsync();
        Assert.Equal((HttpStatusCode.OK, "succeeded"), (submitted.StatusCode, job.GetProperty("state").GetString()));

        // Each link leads where it says, without anything put before it.
        foreach (var link in job.GetProperty("links").EnumerateObject().Select(link => link.Value.GetString()!).Append(submitted.Headers.Location!.ToString()))
        {
            Assert.StartsWith(pathBase + "/v1/", link, StringComparison.Ordinal);
            using var linked = await proxied.Client.GetAsync(new Uri(link, UriKind.Relative), hang);
            Assert.Equal(HttpStatusCode.OK, linked.StatusCode);
        }

        // A client's own word for who it is, and where it is, counts for nothing.
        using var put = await SendAsync(proxied, HttpMethod.Put, "/v1/signals/open", null,
            ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/elsewhere"), ("Origin", proxied.Client.BaseAddress!.ToString().TrimEnd('/')));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal([$"Signal open: set (by {ProxiedService.ClientAddress})"], proxied.Changes.Texts);

        using var page = await proxied.Client.GetAsync(new Uri(pathBase + "/swagger/index.html", UriKind.Relative), hang);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        using var document = await proxied.Client.GetAsync(new Uri(pathBase + "/openapi/v1.json", UriKind.Relative), hang);
        Assert.Equal(pathBase is "" ? "/" : pathBase, (await document.JsonAsync()).GetProperty("servers")[0].GetProperty("url").GetString());
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Map_goes_both_ways_at_once(string program, string pathBase)
    {
        await using var proxied = await ProxiedService.StartAsync(program, pathBase);
        using var client = await proxied.SendAsync("POST /v1/queues/default/map\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n");

        for (var i = 0; i < 3; i++)
        {
            await client.SendChunkAsync($"{{\"payload\":{i}}}\n");
            Assert.Equal(i, (await client.ReadLineAsync())!.Json().GetProperty("result").GetProperty("echo").GetInt32());
        }

        await client.EndAsync();
        Assert.Equal("3", (await client.ReadLineAsync())!.Json().GetProperty("summary").Text("succeeded"));
        Assert.Null(await client.ReadLineAsync());
        Assert.True(client.IsWhole);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Uploads_of_any_size_and_streams_of_their_results(string program, string pathBase)
    {
        await using var proxied = await ProxiedService.StartAsync(program, pathBase);
        using var none = await SendAsync(proxied, HttpMethod.Put, "/v1/queues/wide", """{"target":{"kind":"simulated"}}""");
        var lines = string.Concat(Enumerable.Repeat($"{{\"payload\":\"{new string('x', 100_000)}\"}}\n", 100));

        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using var uploaded = await proxied.Client.PostAsync(new Uri(pathBase + "/v1/batches?queue=wide", UriKind.Relative), content, hang);
        var batch = await uploaded.JsonAsync();
        Assert.Equal((HttpStatusCode.Accepted, 100), (uploaded.StatusCode, batch.GetProperty("total").GetInt32()));

        using var results = await SendAsync(proxied, HttpMethod.Get, batch.GetProperty("links").GetProperty("results").GetString()![pathBase.Length..], null, ("Accept", "application/x-ndjson"));
        var all = (await results.Content.ReadAsStringAsync(hang)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(101, all.Length);

        // Too large to stand in the stream: only linked.
        using var large = await proxied.Client.GetAsync(new Uri(all[0].Json().GetProperty("links").GetProperty("result").GetString()!, UriKind.Relative), hang);
        Assert.Equal(HttpStatusCode.OK, large.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_client_that_goes_cancels_its_job(string program, string pathBase)
    {
        await using var proxied = await ProxiedService.StartAsync(program, pathBase);
        using var events = await EventReader.OpenAsync(proxied.Client, pathBase + "/v1/events");
        const string body = """{"payload":1,"delaySeconds":600}""";
        var client = await proxied.SendAsync($"POST /v1/jobs\r\nPrefer: wait=30\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        await client.SendAsync(body);
        var queued = await events.NextAsync();
        using var ended = proxied.Service.Services.GetRequiredService<JobEventHub>().WhenEnded(new JobId(Guid.Parse(queued!["id"]!)));

        client.Dispose();

        await ended.Ended.WaitAsync(Patience.Hang, hang);
        var over = await events.NextAsync();
        Assert.Equal(("queued", "cancelled", "disconnect"), (queued["state"], over!["state"], over["reason"]));
    }

    /// <summary>With the times of the document a test would take minutes: here a minute has two seconds.</summary>
    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Silence_shorter_than_the_document_says_is_borne(string program, string pathBase)
    {
        await using var proxied = await ProxiedService.StartAsync(program, pathBase,
            text => text.Replace("60s", "2s", StringComparison.Ordinal).Replace("300s", "10s", StringComparison.Ordinal),
            ("JobService:Api:MaxWaitSeconds", "1"), ("JobService:Events:HeartbeatSeconds", "0.5"));
        using var upload = await proxied.SendAsync("POST /v1/batches\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n");
        await upload.SendChunkAsync("{\"payload\":1}\n");
        using var events = await EventReader.OpenAsync(proxied.Client, pathBase + "/v1/events?queue=nowhere");

        // Three seconds, told by the heartbeats.
        foreach (var heartbeat in await events.NextAsync(6))
            Assert.Equal("heartbeat", heartbeat.Name);

        await upload.SendChunkAsync("{\"payload\":2}\n");
        await upload.EndAsync();
        Assert.Equal("2", (await upload.ReadToEndAsync()).Json().Text("total"));
        using var waited = await PostAsync(proxied, "/v1/jobs", """{"payload":1,"delaySeconds":600}""", ("Prefer", "wait=60"));
        Assert.Equal(HttpStatusCode.Accepted, waited.StatusCode);
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    public void A_proxy_has_more_patience_than_a_held_response_needs(string program)
    {
        var text = DocumentBlocks.Of("proxies.md").Single(block => block.Language == program).Text;
        int[] seconds = [.. Timeout().Matches(text).Where(timeout => !timeout.Value.Contains("connect", StringComparison.Ordinal)).Select(timeout => int.Parse(timeout.Groups["seconds"].Value))];

        Assert.NotEmpty(seconds);
        Assert.All(seconds, timeout => Assert.True(timeout > new WaitOptions().MaxWaitSeconds + 5, $"{timeout} s"));
    }

    private static Task<HttpResponseMessage> PostAsync(ProxiedService proxied, string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(proxied, HttpMethod.Post, path, json, headers);

    private static Task<HttpResponseMessage> SendAsync(ProxiedService proxied, HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, proxied.PathBase + path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return proxied.Client.SendAsync(request, hang);
    }

    [GeneratedRegex(@"timeout[ \w-]* (?<seconds>[0-9]+)s", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Timeout();
}
