using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using JobService.Api;
using JobService.Api.Contracts;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What clients of other languages write for the same value is the same value: the case of words, whole numbers, times, headers without a value.</summary>
public sealed class LenientReadingTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    public static TheoryData<Type> Enums => [.. typeof(SubmitJob).Assembly.GetTypes().Where(type => type is { IsEnum: true, IsPublic: true })];

    [Theory]
    [MemberData(nameof(Enums))]
    public void Every_word_is_read_without_regard_to_case(Type type)
    {
        foreach (var value in Enum.GetValues(type))
        {
            var written = JsonSerializer.Serialize(value, type, ApiJson.Options);

            Assert.Equal(JsonNamingPolicy.CamelCase.ConvertName(value.ToString()!), written.Trim('"'));
            Assert.Equal(value, JsonSerializer.Deserialize(written.ToUpperInvariant(), type, ApiJson.Options));
            Assert.Equal(value, JsonSerializer.Deserialize(written.ToLowerInvariant(), type, ApiJson.Options));
        }
    }

    [Theory]
    [InlineData("PUT /v1/limits/a", """{"kind":"RATE","permits":5,"scope":"PERKEY"}""", "\"kind\":\"rate\"", "\"scope\":\"perKey\"")]
    [InlineData("PUT /v1/limits/a", """{"permits":5,"kind":"Concurrency"}""", "\"kind\":\"concurrency\"", "\"scope\":\"shared\"")]
    [InlineData("PUT /v1/queues/a", """{"target":{"kind":"Simulated","failureRate":0.5},"process":{"kind":"NONE"}}""", "\"kind\":\"simulated\"", "\"failureRate\":0.5")]
    [InlineData("PUT /v1/queues/a", """{"target":{"baseAddress":"https://example.com","kind":"HTTP"},"process":{"cpuSeconds":2,"kind":"sImulated"}}""", "\"kind\":\"http\"", "\"cpuSeconds\":2")]
    [InlineData("POST /v1/batches", """{"jobs":[],"onFailure":"CANCEL"}""", "\"onFailure\":\"cancel\"", "\"total\":0")]
    [InlineData("POST /v1/jobs/cancel", """{"queue":"none","state":"Queued"}""", "\"matched\":0", "\"cancelled\":0")]
    public async Task Words_of_bodies(string request, string body, string first, string second)
    {
        using var response = await service.SendAsync(new HttpMethod(request.Split(' ')[0]), request.Split(' ')[1], body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.True(response.IsSuccessStatusCode, text);
        Assert.Contains(first, text, StringComparison.Ordinal);
        Assert.Contains(second, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind":"rated","permits":5}""", "/kind")]
    [InlineData("""{"kind":"RATE","permits":5,"Permits":5}""", "/Permits")]
    [InlineData("""{"kind":"RATE","kind":"RATE","permits":5}""", "/kind")]
    [InlineData("""{"kind":7,"permits":5}""", "/kind")]
    [InlineData("""{"kind":"rate","permits":5,"scope":"shared,perKey"}""", "/scope")]
    [InlineData("""{"kind":"rate","permits":5,"scope":" perKey"}""", "/scope")]
    [InlineData("""{"kind":"rate","permits":5,"scope":"1"}""", "/scope")]
    [InlineData("""{"kind":null,"permits":5}""", "/kind")]
    public async Task What_is_no_kind_is_told_as_ever(string body, string pointer)
    {
        using var response = await service.SendAsync(HttpMethod.Put, "/v1/limits/b", body);

        Assert.Equal((400, pointer), ((int)response.StatusCode, (await ProblemJson.ReadAsync(response)).Pointers));
    }

    [Theory]
    [InlineData("GET /v1/jobs?state=QUEUED&limit=5.0")]
    [InlineData("GET /v1/batches/{batch}/results?order=Input&until=FIRSTFAILURE&limit=1e2")]
    [InlineData("GET /v1/batches/{batch}/results?after=1.0")]
    [InlineData("POST /v1/batches?onFailure=Cancel&weight=1.0")]
    [InlineData("POST /v1/queues/default/map?order=COMPLETION")]
    [InlineData("POST /v1/jobs?onDisconnect=CONTINUE")]
    public async Task Words_and_numbers_of_queries(string request)
    {
        using var batch = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[]}""");
        var path = request.Split(' ')[1].Replace("{batch}", (await batch.JsonAsync()).GetProperty("id").GetString(), StringComparison.Ordinal);
        using var message = new HttpRequestMessage(new HttpMethod(request.Split(' ')[0]), path);
        if (message.Method == HttpMethod.Post)
            message.Content = new StringContent("""{"payload":1}""", Encoding.UTF8, new MediaTypeHeaderValue(path.Contains("/jobs", StringComparison.Ordinal) ? "application/json" : "application/x-ndjson"));

        using var response = await service.Client.SendAsync(message, TestContext.Current.CancellationToken);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("2.0", 2)]
    [InlineData("2e0", 2)]
    [InlineData("20E-1", 2)]
    [InlineData("0.2e1", 2)]
    [InlineData("-0.0", 0)]
    [InlineData("2147483647.0", int.MaxValue)]
    [InlineData("-2147483648e0", int.MinValue)]
    [InlineData("2147483648.0", null)]
    [InlineData("2.5", null)]
    [InlineData("1e-30", null)]
    [InlineData("1e400", null)]
    [InlineData("\"2\"", null)]
    [InlineData("true", null)]
    public void Whole_numbers_may_have_a_fraction_of_zero(string json, int? number)
    {
        if (number is null)
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<int>(json, ApiJson.Options));
        else
            Assert.Equal(number, JsonSerializer.Deserialize<int>(json, ApiJson.Options));
    }

    [Theory]
    [InlineData("/v1/jobs", "application/json", "{\"payload\":{\"a\": 1}}")]
    [InlineData("/v1/batches", "application/json", "{\"jobs\":[{\"payload\":{\"a\": 1}}]}")]
    [InlineData("/v1/batches", "application/x-ndjson", "{\"payload\":{\"a\": 1}}\n{\"payload\":2}\n")]
    public async Task A_byte_order_mark_in_front(string path, string type, string body)
    {
        using var content = new StringContent("\uFEFF" + body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var response = await service.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("2030-01-01t08:00:00z")]
    [InlineData("2030-01-01T08:00:00z")]
    [InlineData("2030-01-01t10:00:00.000+02:00")]
    public async Task Times_in_lower_case(string time)
    {
        using var response = await service.SubmitAsync($$"""{"payload":1,"notBefore":"{{time}}"}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("2030-01-01T08:00:00Z", (await response.JsonAsync()).GetProperty("notBefore").GetString());
    }

    [Theory]
    [InlineData("POST /v1/jobs", "Idempotency-Key")]
    [InlineData("POST /v1/jobs", "Prefer")]
    [InlineData("POST /v1/batches", "Idempotency-Key")]
    [InlineData("PUT /v1/limits/c", "If-Match")]
    [InlineData("PUT /v1/limits/d", "If-None-Match")]
    [InlineData("GET /v1/limits/default", "If-None-Match")]
    [InlineData("GET /v1/limits/default", "Accept")]
    [InlineData("DELETE /v1/limits/gone", "If-Match")]
    [InlineData("PUT /v1/signals/a", "Origin")]
    [InlineData("PUT /v1/signals/a", "Sec-Fetch-Site")]
    [InlineData("GET /v1/jobs/{job}/events", "Last-Event-ID")]
    [InlineData("GET /v1/batches/{batch}/results", "Last-Event-ID")]
    [InlineData("POST /v1/jobs", "Content-Encoding")]
    public async Task A_header_without_a_value_counts_as_not_given(string request, string header)
    {
        await service.PutAsync("/v1/limits/gone", """{"kind":"rate","permits":1}""");
        using var batch = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[]}""");
        using var job = await service.SubmitAsync("""{"payload":1}""");
        var path = request.Split(' ')[1].Replace("{batch}", (await batch.JsonAsync()).GetProperty("id").GetString(), StringComparison.Ordinal)
            .Replace("{job}", (await job.JsonAsync()).GetProperty("id").GetString(), StringComparison.Ordinal);
        var body = path switch
        {
            "/v1/jobs" => """{"payload":1}""",
            "/v1/batches" => """{"jobs":[{"payload":1}]}""",
            "/v1/limits/c" or "/v1/limits/d" => """{"kind":"rate","permits":1}""",
            _ => null,
        };

        // HttpClient drops such headers: byte by byte.
        var head = $"{request.Split(' ')[0]} {path} HTTP/1.1\r\nHost: {service.Address.Authority}\r\nConnection: close\r\n{header}:\r\n";
        var text = await RawHttp.AskAsync(service.Address, body is null ? head + "\r\n" : $"{head}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.Matches(@"\AHTTP/1\.1 2\d\d ", text);
    }
}
