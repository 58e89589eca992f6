using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using JobService.Tests.Api;
using JobService.Tests.Support;

namespace JobService.Tests.Docs;

/// <summary>docs/requests.http runs from top to bottom on a fresh service, and each request comes to what its title says: a status, or a success.</summary>
public sealed partial class RequestsFileTests : IAsyncLifetime
{
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });

    // In the place of the real API that the document names.
    private readonly RawTcpApi api = new(_ => WireReplies.Respond());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task It_runs_top_to_bottom()
    {
        var ids = new Dictionary<string, string>();
        var requests = Requests(DocumentBlocks.Text("requests.http").Replace("https://example.com", api.Address, StringComparison.Ordinal)).ToArray();
        Assert.True(requests.Length > 50, $"{requests.Length} requests.");

        foreach (var request in requests)
        {
            using var message = Message(request, ids);
            using var response = await service.Client.SendAsync(message, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            var wanted = Status().Match(request.Title) is { Success: true } status ? status.Groups["status"].Value : "2..";
            Assert.True(Regex.IsMatch($"{(int)response.StatusCode}", wanted, RegexOptions.None, TimeSpan.FromSeconds(1)), $"{request.Title}\n{request.Line}\n{(int)response.StatusCode} instead of {wanted}: {body}");
            if (request.Name.Length > 0)
                ids[request.Name] = JsonElement.Parse(body).GetProperty("id").GetString()!;
        }
    }

    private static HttpRequestMessage Message(FileRequest request, Dictionary<string, string> ids)
    {
        var line = Reference().Replace(request.Line, reference => ids[reference.Groups["name"].Value]).Replace("{{service}}", "", StringComparison.Ordinal).Split(' ', 2);
        Assert.DoesNotContain("{{", line[1], StringComparison.Ordinal);
        var message = new HttpRequestMessage(new HttpMethod(line[0]), line[1]);
        if (request.Body.Length > 0)
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(request.Body));
        foreach (var (name, value) in request.Headers)
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                message.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else
                Assert.True(message.Headers.TryAddWithoutValidation(name, value));
        }

        return message;
    }

    private static IEnumerable<FileRequest> Requests(string text)
    {
        foreach (var part in Separator().Split(text).Skip(1))
        {
            var lines = part.Split('\n');
            var name = lines.Select(line => Named().Match(line)).FirstOrDefault(named => named.Success)?.Groups["name"].Value ?? "";
            var message = lines.Skip(1).SkipWhile(line => line.StartsWith('#')).ToArray();
            var headers = message.Skip(1).TakeWhile(line => line.Length > 0).Select(line => line.Split(": ", 2)).Select(field => (field[0], field[1])).ToArray();
            yield return new FileRequest(lines[0].Trim(), name, message[0], headers, string.Join('\n', message.Skip(headers.Length + 2)).Trim());
        }
    }

    private sealed record FileRequest(string Title, string Name, string Line, (string Name, string Value)[] Headers, string Body);

    [GeneratedRegex("^###", RegexOptions.Multiline, 5_000)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\A# @name (?<name>\w+)\z", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Named();

    // The one way that Visual Studio, Rider and the REST Client extension all know.
    [GeneratedRegex(@"\{\{(?<name>\w+)\.response\.body\.\$\.id\}\}", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Reference();

    [GeneratedRegex(": (?<status>[1-5][0-9]{2})\\b", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Status();
}
