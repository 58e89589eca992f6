using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>The shape of the OpenAPI document from which generators make pleasant clients.</summary>
public sealed class DocumentShapeTests(ServiceFixture service) : IClassFixture<ServiceFixture>, IAsyncLifetime
{
    private JsonElement document;

    public async ValueTask InitializeAsync()
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/openapi/v1.json");
        document = await response.JsonAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Any_JSON_stands_inline()
    {
        Assert.Equal(["description"], Names(Field("JobView", "result")));
        Assert.Equal(["description"], Names(Field("SubmitJob", "payload")));
        Assert.All(document.GetProperty("components").GetProperty("schemas").EnumerateObject(), schema => Assert.NotEmpty(Names(schema.Value)));
    }

    [Fact]
    public void What_a_response_leaves_out_is_never_null_and_what_a_request_leaves_out_may_be()
    {
        Assert.Equal("string", Field("JobView", "finishedAt").GetProperty("type").GetString());
        Assert.Equal("#/components/schemas/JobErrorView", Field("JobView", "error").GetProperty("$ref").GetString());
        Assert.Equal(["null", "integer"], Field("SubmitJob", "weight").GetProperty("type").EnumerateArray().Select(type => type.GetString()));
        Assert.Contains("learned", Schema("LimitView").GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("null", Field("LimitView", "learned").GetProperty("oneOf")[0].GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("TargetDefinition", "simulated", "http")]
    [InlineData("LimitDefinition", "rate", "window", "concurrency")]
    [InlineData("ProcessDefinition", "none", "simulated")]
    public void What_has_a_kind_is_one_object(string name, params string[] kinds)
    {
        Assert.Equal("object", Schema(name).GetProperty("type").GetString());
        Assert.Equal(kinds, Field(name, "kind").GetProperty("enum").EnumerateArray().Select(kind => kind.GetString()));
        Assert.DoesNotContain("anyOf", Names(Schema(name)));
    }

    [Theory]
    [InlineData("SubmitJob", "priority", """{"minimum":-100,"maximum":100}""")]
    [InlineData("SubmitJob", "lock", """{"minLength":1,"maxLength":256}""")]
    [InlineData("SubmitJob", "timeoutSeconds", """{"exclusiveMinimum":0,"maximum":86400}""")]
    [InlineData("SubmitBatch", "jobs", """{"maxItems":10000}""")]
    [InlineData("QueueDefinition", "capacity", """{"minimum":1,"maximum":100000000,"default":1000000}""")]
    [InlineData("RetryPolicy", "maxSeconds", """{"maximum":604800,"default":300}""")]
    [InlineData("LimitDefinition", "periodSeconds", """{"minimum":0.001,"maximum":2592000}""")]
    public void A_bound_that_the_text_names_is_one_for_machines(string schema, string field, string bounds)
    {
        string[] all = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "maxItems", "default"];
        var expected = JsonElement.Parse(bounds).EnumerateObject().ToDictionary(bound => bound.Name, bound => bound.Value.GetRawText());

        Assert.Equal(expected, Field(schema, field).EnumerateObject().Where(part => all.Contains(part.Name)).ToDictionary(bound => bound.Name, bound => bound.Value.GetRawText()));
    }

    [Fact]
    public void A_default_that_would_win_over_those_of_a_batch_or_of_another_kind_is_not_sent()
    {
        Assert.All(Schema("SubmitJob").GetProperty("properties").EnumerateObject(), field => Assert.False(field.Value.TryGetProperty("default", out _), field.Name));
        Assert.False(Field("LimitDefinition", "burst").TryGetProperty("default", out _));
    }

    [Fact]
    public void Streams_and_results_are_bytes()
    {
        Assert.Equal("binary", Content("/v1/queues/{name}/map", "post", "application/x-ndjson").GetProperty("schema").GetProperty("format").GetString());
        Assert.Equal("binary", Content("/v1/jobs/{id}/result", "get", "*/*").GetProperty("schema").GetProperty("format").GetString());
    }

    [Fact]
    public void Every_list_of_words_has_a_name()
    {
        foreach (var (name, operation) in Operations())
        {
            foreach (var parameter in operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : default)
                Assert.False(parameter.GetProperty("schema").TryGetProperty("enum", out _), $"{name}: {parameter.GetProperty("name")}");
        }
    }

    [Fact]
    public void Every_response_has_an_example_or_is_a_stream()
    {
        foreach (var (name, operation) in Operations())
        {
            foreach (var content in operation.GetProperty("responses").EnumerateObject().SelectMany(response => response.Value.TryGetProperty("content", out var types) ? types.EnumerateObject() : default))
                Assert.True(!content.Name.EndsWith("json", StringComparison.Ordinal) || content.Name.EndsWith("ndjson", StringComparison.Ordinal) || Names(content.Value).Any(part => part.StartsWith("example", StringComparison.Ordinal)), $"{name} {content.Name}");
        }
    }

    [Fact]
    public void Each_operation_lists_only_the_problems_it_can_give()
    {
        var responses = document.GetProperty("paths").GetProperty("/v1/queues/{name}").GetProperty("delete").GetProperty("responses");

        Assert.Equal(["in-use", "configured"], Names(responses.GetProperty("409").GetProperty("content").GetProperty("application/problem+json").GetProperty("examples")));
    }

    [Fact]
    public void Generators_find_the_message_of_an_error_the_license_and_what_the_tags_mean()
    {
        Assert.True(Field("ProblemView", "detail").GetProperty("x-ms-primary-error-message").GetBoolean());
        Assert.Equal("https://opensource.org/license/mit", document.GetProperty("info").GetProperty("license").GetProperty("url").GetString());
        Assert.All(document.GetProperty("tags").EnumerateArray(), tag => Assert.NotEmpty(tag.GetProperty("description").GetString()!));
    }

    private static string[] Names(JsonElement json) => [.. json.EnumerateObject().Select(part => part.Name)];

    private JsonElement Schema(string name) => document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    private JsonElement Field(string schema, string name) => Schema(schema).GetProperty("properties").GetProperty(name);

    private JsonElement Content(string path, string method, string type) =>
        document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty(type);

    private IEnumerable<(string Name, JsonElement Value)> Operations() =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => ($"{operation.Name} {path.Name}", operation.Value)));
}
