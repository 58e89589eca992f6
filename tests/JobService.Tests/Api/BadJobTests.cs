using System.Net;
using System.Text;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Every kind of bad body gets a problem that points at what is wrong, and nothing is taken in.</summary>
public sealed class BadJobTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    [Theory]
    [InlineData("""{"payload":1,"colour":2}""", "/colour")]
    [InlineData("""{"payload":1,"lock":""}""", "/lock")]
    [InlineData("""{"payload":1,"lock":"a\u0000b"}""", "/lock")]
    [InlineData("""{"payload":1,"lock":7}""", "/lock")]
    [InlineData("""{"payload":1,"waitFor":{}}""", "/waitFor/signal")]
    [InlineData("""{"payload":1,"waitFor":{"signal":"a b"}}""", "/waitFor/signal")]
    [InlineData("""{"payload":1,"waitFor":{"signal":null}}""", "/waitFor/signal")]
    [InlineData("""{"payload":1,"waitFor":{"signal":"a","time":1}}""", "/waitFor/time")]
    [InlineData("""{"payload":1,"waitFor":"market-open"}""", "/waitFor")]
    [InlineData("""{"payload":1,"waitFor":{"signal":"x"},"callback":{"url":"x"}}""", "/callback/url /callback/secret")]
    [InlineData("""{"payload":1,"payload":2}""", "/payload")]
    [InlineData("""{"payload":{"a":1,"a":2}}""", "/payload")]
    [InlineData("""{"payload":1,"weight":1.5,"priority":"high"}""", "/weight /priority")]
    [InlineData("""{"payload":1,"weight":1e400}""", "/weight")]
    [InlineData("""{"payload":1,"weight":0}""", "/weight")]
    [InlineData("""{"payload":1,"weight":"1"}""", "/weight")]
    [InlineData("""{"payload":1,"weights":{"in":0,"a b":1,"Weight":2,"calls":3}}""", "/weights/in /weights/a b /weights/Weight /weights/calls")]
    [InlineData("""{"payload":1,"weights":{"in":1.5}}""", "/weights/in")]
    [InlineData("""{"payload":1,"weights":{"in":2147483648}}""", "/weights/in")]
    [InlineData("""{"payload":1,"weights":{"in":1,"in":2}}""", "/weights/in")]
    [InlineData("""{"payload":1,"weights":[1]}""", "/weights")]
    [InlineData("""{"payload":1,"weights":{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1,"12":1,"13":1,"14":1,"15":1,"16":1,"17":1}}""", "/weights")]
    [InlineData("""{"payload":1,"priority":101}""", "/priority")]
    [InlineData("""{"payload":1,"timeoutSeconds":1e400}""", "/timeoutSeconds")]
    [InlineData("""{"payload":1,"timeoutSeconds":0}""", "/timeoutSeconds")]
    [InlineData("""{"payload":1,"timeoutSeconds":-1,"maxAttempts":0}""", "/timeoutSeconds /maxAttempts")]
    [InlineData("""{"payload":1,"delaySeconds":-0.1}""", "/delaySeconds")]
    [InlineData("""{"payload":1,"delaySeconds":1e300}""", "/delaySeconds")]
    [InlineData("""{"payload":1,"delaySeconds":1,"notBefore":"2030-01-01T00:00:00Z"}""", "/delaySeconds")]
    [InlineData("""{"payload":1,"notBefore":"2030-01-01T00:00:00"}""", "/notBefore")]
    [InlineData("""{"payload":1,"notBefore":"tomorrow","startBefore":5}""", "/notBefore /startBefore")]
    [InlineData("""{"payload":1,"key":"a\u0000b"}""", "/key")]
    [InlineData("""{"payload":1,"key":"\ud800"}""", "/key")]
    [InlineData("""{"payload":1,"notBefore":"\ud800"}""", "/notBefore")]
    [InlineData("""{"payload":1,"callback":{"url":"https://example.com","secret":"\ud800"}}""", "/callback/secret")]
    [InlineData("""{"payload":1,"weight":2147483648.0,"priority":1e-30}""", "/weight /priority")]
    [InlineData("""{"\ud800":1}""", "")]
    [InlineData("""{"payload":1,"queue":"a b"}""", "/queue")]
    [InlineData("""{"payload":1,"queue":".."}""", "/queue")]
    [InlineData("""{"payload":1,"queue":""}""", "/queue")]
    [InlineData("""{"payload":1,"tags":{"a b":"x","c":null,"d":5}}""", "/tags/d")]
    [InlineData("""{"payload":1,"tags":{"a b":"x","c":null}}""", "/tags/a b /tags/c")]
    [InlineData("""{"payload":1,"tags":{"a/~":"x"}}""", "/tags/a~1~0")]
    [InlineData("{}", "/payload")]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    [InlineData("7", "")]
    [InlineData("{\"payload\":1,}", "")]
    [InlineData("{\"payload\":1} x", "")]
    [InlineData("{\"payload\":", "")]
    [InlineData("{'payload':1}", "")]
    [InlineData("""{"request":{"method":"TRACE"}}""", "/request/method")]
    [InlineData("""{"request":{"method":"G ET"}}""", "/request/method")]
    [InlineData("""{"request":{"path":"items"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"//evil.example"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a?b"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a#b"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a\\b"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a\r\nb"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a/../b"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a/%2e%2E/b"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/a%2f..%5cb"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/%00"}}""", "/request/path")]
    [InlineData("""{"request":{"path":"/100%"}}""", "/request/path")]
    [InlineData("""{"request":{"headers":{"Host":"x"}}}""", "/request/headers/Host")]
    [InlineData("""{"request":{"headers":{"X-A":"a\r\nX-B: b"}}}""", "/request/headers/X-A")]
    [InlineData("""{"request":{"headers":{"X A":"a"},"query":{"q":null}}}""", "/request/query/q /request/headers/X A")]
    [InlineData("""{"request":{"headers":{"X-A":"1","x-a":"2"}}}""", "/request/headers/x-a")]
    [InlineData("""{"request":{"verb":"GET"}}""", "/request/verb")]
    public async Task A_bad_body_is_answered_with_pointers_to_what_is_wrong(string body, string pointers)
    {
        using var response = await service.SubmitAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(("/problems/invalid-request", pointers), await ProblemJson.ReadAsync(response));
    }

    [Theory]
    [InlineData("""{"payload":1,"priority":"high"}""", "A whole number.")]
    [InlineData("""{"payload":1,"priority":0.5}""", "A whole number.")]
    [InlineData("""{"payload":1,"priority":2147483648}""", "This number is out of range.")]
    [InlineData("""{"payload":1,"tags":{"a":1}}""", "A string.")]
    [InlineData("""{"payload":1,"key":"\ud800"}""", "A string without lone surrogates.")]
    [InlineData("""{"request":{"query":{"q":1}}}""", "A string, or an array of strings.")]
    [InlineData("""{"request":{"query":{"q":"\ud800"}}}""", "A string without lone surrogates.")]
    [InlineData("[]", "Must be a JSON object, not an array.")]
    [InlineData("null", "The body must be a JSON object, not null.")]
    [InlineData("7", "Must be a JSON object, not a number.")]
    [InlineData("""{"payload":1,"waitFor":true}""", "Must be a JSON object, not a boolean.")]
    [InlineData("""{"payload":1,"waitFor":"x"}""", "Must be a JSON object, not a string.")]
    [InlineData("{\n x}", "Not valid JSON: 'x' is an invalid start of a property name. Line 2, byte 2.")]
    public async Task What_is_wrong_is_told_in_a_sentence(string body, string detail)
    {
        using var response = await service.SubmitAsync(body);

        Assert.Equal(detail, (await response.JsonAsync()).GetProperty("errors")[0].GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("""{"kind":"concurrency","permit":1}""", "Unknown field. Known here: kind, permits, counts, scope. Did you mean permits?")]
    [InlineData("""{"kind":"window","permits":1,"colour":1}""", "Unknown field. Known here: kind, periodSeconds, permits, counts, scope, weightFrom.")]
    public async Task Unknown_fields_of_a_limit_are_answered_with_those_it_has(string limit, string detail)
    {
        using var response = await service.SendAsync(HttpMethod.Put, "/v1/limits/misspelt", limit);

        Assert.Equal(detail, (await response.JsonAsync()).GetProperty("errors")[0].GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("""{"payload":1,"queue":"nowhere"}""", "/problems/unknown-queue")]
    [InlineData("""{"payload":1,"weight":2}""", "/problems/weight-never-fits")]
    [InlineData("""{"request":{"path":"/items"}}""", "/problems/request-not-allowed")]
    public async Task What_contradicts_the_configuration_is_422(string body, string type)
    {
        using var response = await service.SubmitAsync(body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
    }

    [Fact]
    public async Task A_body_that_is_too_deep_is_refused_and_one_at_the_bound_is_taken()
    {
        using var tooDeep = await service.SubmitAsync($$"""{"payload":{{new string('[', 32)}}{{new string(']', 32)}}}""");
        using var deep = await service.SubmitAsync($$"""{"payload":{{new string('[', 31)}}{{new string(']', 31)}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, tooDeep.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, deep.StatusCode);
    }

    [Theory]
    [InlineData(256, HttpStatusCode.Accepted)]
    [InlineData(257, HttpStatusCode.BadRequest)]
    public async Task A_key_has_at_most_256_characters(int length, HttpStatusCode status)
    {
        using var response = await service.SubmitAsync($$"""{"payload":1,"key":"{{new string('ü', length)}}"}""");

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused_wherever_they_stand()
    {
        using var content = new ByteArrayContent([.. "{\"payload\":\""u8, 0xFF, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");
        using var response = await service.Client.PostAsync(new Uri("/v1/jobs", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/xml")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Only_json_in_utf8_is_taken(string? contentType)
    {
        using var content = new ByteArrayContent("{\"payload\":1}"u8.ToArray());
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await service.Client.PostAsync(new Uri("/v1/jobs", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("/problems/unsupported-media-type", (await ProblemJson.ReadAsync(response)).Type);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("APPLICATION/JSON;charset=\"UTF-8\"")]
    public async Task Json_in_utf8_may_say_so(string contentType)
    {
        using var content = new ByteArrayContent("{\"payload\":1}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await service.Client.PostAsync(new Uri("/v1/jobs", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_cap_is_413_with_and_without_its_length(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs");
        request.Content = new StringContent($$"""{"payload":"{{new string('x', 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("/problems/payload-too-large", (await ProblemJson.ReadAsync(response)).Type);
    }

    [Fact]
    public async Task An_empty_body_says_that_one_is_needed()
    {
        using var response = await service.SendAsync(HttpMethod.Post, "/v1/jobs");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }
}
