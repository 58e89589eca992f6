using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What looks at every response of these tests sees what is wrong with one.</summary>
public sealed class DocumentedResponsesTests
{
    private const string Signal = """{"name":"go","set":true,"setAt":"2026-03-02T10:15:00Z","waiting":0}""";

    [Theory]
    [InlineData(200, "application/json", Signal, null, null)]
    [InlineData(200, "application/json", """{"name":"go","set":false,"setAt":null,"waiting":0}""", null, null)]
    [InlineData(202, "application/json", Signal, null, "status 202 is not documented")]
    [InlineData(200, "text/plain", "go", null, "content type text/plain is not documented")]
    [InlineData(200, "application/json", Signal, "X-New", "header X-New is not documented")]
    [InlineData(200, "application/json", """{"name":"go","set":true,"setAt":null,"waiting":0,"more":1}""", null, "not as documented")]
    [InlineData(200, "application/json", """{"name":"go","set":true,"setAt":null}""", null, "not as documented")]
    [InlineData(200, "application/json", """{"name":"go","set":true,"setAt":"yesterday","waiting":0}""", null, "not as documented")]
    [InlineData(200, "application/json", """{"name":"go","set":true,"setAt":null,"waiting":"0"}""", null, "not as documented")]
    [InlineData(400, "application/problem+json", """{"type":"/problems/invalid-request","title":"t","status":400,"detail":"d"}""", null, null)]
    [InlineData(400, "application/problem+json", """{"type":"/problems/queue-full","title":"t","status":400,"detail":"d"}""", null, "problem queue-full is not documented")]
    public async Task It_says_what_is_not_documented(int status, string type, string body, string? header, string? fault)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, new MediaTypeHeaderValue(type)) };
        if (header is not null)
            response.Headers.Add(header, "1");
        using var client = new HttpClient(new DocumentedResponses(new Canned(response))) { BaseAddress = new Uri("http://localhost") };

        var thrown = await Record.ExceptionAsync(() => client.GetAsync("/v1/signals/go", TestContext.Current.CancellationToken));

        if (fault is null)
            Assert.Null(thrown);
        else
            Assert.Contains(fault, thrown?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_examples_of_responses_are_as_documented()
    {
        var tried = 0;
        foreach (var operation in OpenApiDocument.Operations)
        {
            foreach (var (status, type, json) in operation.Examples)
            {
                using var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("", new MediaTypeHeaderValue(type)) };
                Assert.True(operation.Faults(response, json).ToArray() is [], $"{operation.Path} {status}: {string.Join(", ", operation.Faults(response, json))}");
                tried++;
            }
        }

        Assert.True(tried > 100, $"{tried} examples.");
    }

    private sealed class Canned(HttpResponseMessage response) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(response);
    }
}
