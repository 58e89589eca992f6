using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using JobService.Api;
using JobService.Api.Contracts;
using JobService.Jobs;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>A null for an optional field means "left out", for every field of every body that the service takes: also for those that are added later.</summary>
public sealed class NullFieldTests(ServiceFixture service) : IClassFixture<ServiceFixture>, IAsyncLifetime
{
    /// <summary>Bodies in which every part that has fields of its own is given; what is not given is tried as a null as well.</summary>
    private static readonly Contract[] contracts =
    [
        new("POST /v1/jobs", typeof(SubmitJob), """
            {"queue":"parked","payload":1,"request":{"method":"PUT","path":"/a","query":{"a":"b"},"headers":{"x":"y"},"body":2},"waitFor":{"signal":"s"},
             "callback":{"url":"https://example.com","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
            """, "/waitFor/signal", "/callback/url", "/callback/secret"),
        new("POST /v1/batches", typeof(SubmitBatch), """
            {"queue":"parked","jobs":[{"payload":1}],"callback":{"url":"https://example.com","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
            """, "/jobs", "/callback/url", "/callback/secret"),
        new("POST /v1/jobs/cancel", typeof(JobSelection), """{"queue":"nowhere","key":"nobody"}"""),
        new("PUT /v1/limits/rate", typeof(LimitDefinition), """{"kind":"rate","permits":1}""", "/permits"),
        new("PUT /v1/limits/window", typeof(LimitDefinition), """{"kind":"window","permits":1}""", "/permits"),
        new("PUT /v1/limits/concurrency", typeof(LimitDefinition), """{"kind":"concurrency","permits":1}""", "/permits"),
        new("PUT /v1/queues/http", typeof(QueueDefinition), """
            {"target":{"kind":"http","baseAddress":"https://example.com"},"process":{"kind":"simulated","cpuSeconds":0},"retry":{}}
            """, "/target/baseAddress", "/process/cpuSeconds"),
        new("PUT /v1/queues/simulated", typeof(QueueDefinition), """
            {"target":{"kind":"simulated","latencySeconds":{},"limit":{"permits":1}},"process":{"kind":"none"},"retry":{}}
            """, "/target/limit/permits"),
    ];

    public static TheoryData<string, string> OptionalFields => Fields(contract => contract.Optional);

    public static TheoryData<string, string> RequiredFields => Fields(contract => contract.Required);

    public async ValueTask InitializeAsync()
    {
        await service.PutAsync("/v1/queues/parked", """{"target":{"kind":"http","baseAddress":"https://example.com"}}""");
        using var paused = await service.SendAsync(HttpMethod.Post, "/v1/queues/parked/pause");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("/v1/queues/flat", """{"target":{"kind":"simulated","baseAddress":null,"headers":null},"process":{"kind":"none","cpuSeconds":null}}""")]
    [InlineData("/v1/limits/flat", """{"kind":"concurrency","permits":4,"periodSeconds":null,"burst":null}""")]
    public async Task So_does_a_null_for_what_only_another_kind_has(string path, string json)
    {
        using var response = await service.SendAsync(HttpMethod.Put, path, json);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_only_another_kind_has_is_refused_when_it_is_given()
    {
        using var response = await service.SendAsync(HttpMethod.Put, "/v1/limits/flat", """{"kind":"concurrency","permits":4,"burst":1}""");

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(OptionalFields))]
    public async Task A_null_counts_as_left_out(string request, string pointer)
    {
        using var without = await SendAsync(request, pointer, (json, name) => json.Remove(name));
        using var withNull = await SendAsync(request, pointer, (json, name) => json[name] = null);

        var text = await withNull.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(without.IsSuccessStatusCode == withNull.IsSuccessStatusCode && (int)withNull.StatusCode != 400, text);
    }

    [Theory]
    [MemberData(nameof(RequiredFields))]
    public async Task A_null_is_no_value_of_what_is_required(string request, string pointer)
    {
        using var answer = await SendAsync(request, pointer, (json, name) => json[name] = null);

        Assert.Equal((400, pointer), ((int)answer.StatusCode, (await ProblemJson.ReadAsync(answer)).Pointers));
    }

    [Fact]
    public void There_are_fields_to_try() => Assert.True(OptionalFields.Count > 50, $"{OptionalFields.Count} optional fields.");

    [Fact]
    public async Task Nulls_leave_the_defaults()
    {
        using var answer = await service.SubmitAsync("""{"queue":null,"payload":null,"key":null,"weight":null,"priority":null,"maxAttempts":null,"delaySeconds":null,"tags":null}""");
        var job = await answer.JsonAsync();

        Assert.Equal(("default", "", 1, 0, 5), (job.GetProperty("queue").GetString(), job.GetProperty("key").GetString(), job.GetProperty("weight").GetInt32(),
            job.GetProperty("priority").GetInt32(), job.GetProperty("maxAttempts").GetInt32()));
    }

    /// <summary>Alone it is the payload: there is nothing else that it could mean.</summary>
    [Theory]
    [InlineData("""{"payload":null}""", true)]
    [InlineData("""{"payload":null,"request":null}""", true)]
    [InlineData("""{"payload":null,"request":{}}""", false)]
    public void A_null_is_a_payload_where_no_request_is_given(string json, bool isPayload) =>
        Assert.Equal(isPayload, JsonSerializer.Deserialize(json, ApiJson.Of<SubmitJob>())!.HasPayload);

    [Theory]
    [InlineData("""{"key":"a","tags":{"x":"1"}}""", """{"payload":1,"key":null}""", "a")]
    [InlineData("""{"key":"a"}""", """{"key":null,"payload":1,"lock":null}""", "a")]
    [InlineData("""{"key":"a","payload":1}""", """{"payload":null,"key":null}""", "a")]
    [InlineData("""{"key":null}""", """{"payload":1,"key":null}""", "")]
    [InlineData("""{"key":"a"}""", """{"payload":1,"key":"b","priority":null}""", "b")]
    [InlineData("null", """{"payload":1,"key":"b"}""", "b")]
    public async Task A_null_gives_way_to_the_default_of_a_batch(string defaults, string job, string key)
    {
        using var answer = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$"""{"queue":"parked","defaults":{{defaults}},"jobs":[{{job}}]}""");
        var batch = await answer.JsonAsync();
        Assert.True(batch.TryGetProperty("id", out var id), batch.GetRawText());

        using var list = await service.SendAsync(HttpMethod.Get, $"/v1/jobs?batch={id.GetString()}");
        Assert.Equal(key, Assert.Single((await list.JsonAsync()).GetProperty("items").EnumerateArray()).GetProperty("key").GetString());
    }

    private static TheoryData<string, string> Fields(Func<Contract, IEnumerable<string>> of)
    {
        var data = new TheoryData<string, string>();
        foreach (var contract in contracts)
        {
            foreach (var pointer in of(contract))
                data.Add(contract.Request, pointer);
        }

        return data;
    }

    private Task<HttpResponseMessage> SendAsync(string request, string pointer, Action<JsonObject, string> change)
    {
        var contract = contracts.Single(contract => contract.Request == request);
        var body = JsonNode.Parse(contract.Sample)!;
        var path = pointer.Split('/')[1..];
        change(path[..^1].Aggregate(body, (json, name) => json[name]!).AsObject(), path[^1]);
        return service.SendAsync(new HttpMethod(request.Split(' ')[0]), request.Split(' ')[1], body.ToJsonString());
    }

    private sealed record Contract(string Request, Type Type, string Sample, params string[] Required)
    {
        public IEnumerable<string> Optional => Walk(ApiJson.Options.GetTypeInfo(Type), JsonNode.Parse(Sample)!, "").Except(Required);

        private static IEnumerable<string> Walk(JsonTypeInfo type, JsonNode sample, string at)
        {
            if (type.PolymorphismOptions is { } kinds)
                type = type.Options.GetTypeInfo(kinds.DerivedTypes.Single(kind => (string)kind.TypeDiscriminator! == sample["kind"]!.GetValue<string>()).DerivedType);
            foreach (var field in type.Properties.Where(field => field.Set is not null))
            {
                var pointer = $"{at}/{field.Name}";
                yield return pointer;
                if (type.Options.GetTypeInfo(field.PropertyType).Kind != JsonTypeInfoKind.Object)
                    continue;
                foreach (var inner in Walk(type.Options.GetTypeInfo(field.PropertyType), sample[field.Name] ?? throw new InvalidOperationException($"The sample of {type.Type} lacks {pointer}."), pointer))
                    yield return inner;
            }
        }
    }
}
