using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using JobService.Tests.Support;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>The OpenAPI document: committed, complete, and true where it can be tried.</summary>
public sealed class OpenApiTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <remarks>After a wanted change: UPDATE_OPENAPI=1 scripts/test.sh writes docs/openapi.json anew; its diff belongs into the commit.</remarks>
    [Fact]
    public async Task The_committed_document_is_the_served_one()
    {
        var served = JsonSerializer.Serialize(await DocumentAsync(), Indented) + "\n";
        var file = Path.Combine(Root(), "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("UPDATE_OPENAPI") == "1")
            await File.WriteAllTextAsync(file, served, TestContext.Current.CancellationToken);

        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), served);
    }

    [Fact]
    public async Task It_is_built_once_and_read_from_then_on()
    {
        var builds = 0;
        await using var fresh = ServiceFixture.With(new Dictionary<string, string>(), services => services.Configure<OpenApiOptions>("v1", options => options.AddDocumentTransformer((_, _, _) =>
        {
            Interlocked.Increment(ref builds);
            return Task.CompletedTask;
        })));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => fresh.SendAsync(HttpMethod.Get, "/openapi/v1.json")));
        using var known = await fresh.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, ("If-None-Match", answers[0].Headers.ETag!.ToString()));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal((HttpStatusCode.NotModified, 1), (known.StatusCode, builds));
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_how_it_fails()
    {
        var document = await DocumentAsync();

        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var operations = Operations(document).ToArray();
        Assert.True(operations.Length >= 19, $"{operations.Length} operations.");
        foreach (var (name, operation) in operations)
        {
            Assert.True(operation.TryGetProperty("summary", out _), $"{name} has no summary.");
            Assert.True(operation.TryGetProperty("operationId", out _), $"{name} has no id.");
            foreach (var response in operation.GetProperty("responses").EnumerateObject().Where(response => int.Parse(response.Name) >= 400))
                Assert.True(response.Value.GetProperty("content").TryGetProperty("application/problem+json", out _), $"{name} {response.Name} is no problem.");
            if (operation.TryGetProperty("requestBody", out var body))
                Assert.True(Examples(body).Any(), $"{name} has no example.");
        }
    }

    [Fact]
    public async Task Every_operation_that_is_shed_when_memory_runs_out_says_so()
    {
        var operations = Operations(await DocumentAsync()).ToArray();

        Assert.Contains(operations, operation => operation.Name.Contains(" /v1/", StringComparison.Ordinal));
        foreach (var (name, operation) in operations)
        {
            var isShed = operation.GetProperty("responses").TryGetProperty("503", out var refusal) && refusal.GetProperty("content").GetProperty("application/problem+json").GetProperty("examples").TryGetProperty("responses-full", out _);
            Assert.True(isShed == name.Contains(" /v1/", StringComparison.Ordinal), name);
            Assert.True(!isShed || refusal.GetProperty("headers").TryGetProperty("Retry-After", out _), $"{name} does not say when to try again.");
        }
    }

    [Fact]
    public async Task The_example_of_every_body_works_on_a_fresh_start()
    {
        foreach (var (name, operation) in Operations(await DocumentAsync()).Where(operation => operation.Value.TryGetProperty("requestBody", out _)))
        {
            var (method, path) = (name.Split(' ')[0], name.Split(' ')[1].Replace("{name}", name.Contains("map", StringComparison.Ordinal) ? "default" : "example", StringComparison.Ordinal));
            foreach (var example in Examples(operation.GetProperty("requestBody")))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), path);
                request.Content = new StringContent(example.Body, new MediaTypeHeaderValue(example.Type));
                using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, $"{name}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            }
        }
    }

    [Fact]
    public async Task Swagger_ui_and_all_it_loads_come_from_here()
    {
        using var root = await service.SendAsync(HttpMethod.Get, "/");
        Assert.Equal((HttpStatusCode.Found, "/swagger"), (root.StatusCode, root.Headers.Location?.ToString()));

        using var page = await service.SendAsync(HttpMethod.Get, "/swagger/index.html");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("script-src 'self'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        foreach (var file in (string[])["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "index.js", "jobservice.js"])
        {
            Assert.Contains(file, html, StringComparison.Ordinal);
            using var part = await service.SendAsync(HttpMethod.Get, "/swagger/" + file);
            Assert.True(part.IsSuccessStatusCode && (await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length > 100, file);
        }
    }

    private static IEnumerable<(string Type, string Body)> Examples(JsonElement requestBody)
    {
        foreach (var content in requestBody.GetProperty("content").EnumerateObject())
        {
            if (content.Value.TryGetProperty("example", out var only))
                yield return (content.Name, Text(only));
            if (!content.Value.TryGetProperty("examples", out var several))
                continue;
            foreach (var example in several.EnumerateObject())
                yield return (content.Name, Text(example.Value.GetProperty("value")));
        }

        static string Text(JsonElement example) => example.ValueKind == JsonValueKind.String ? example.GetString()! : example.GetRawText();
    }

    private static IEnumerable<(string Name, JsonElement Value)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => ($"{operation.Name} {path.Name}", operation.Value)));

    private async Task<JsonElement> DocumentAsync()
    {
        using var answer = await service.SendAsync(HttpMethod.Get, "/openapi/v1.json");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
