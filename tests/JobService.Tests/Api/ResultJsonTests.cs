using System.Text;
using JobService.Jobs;

namespace JobService.Tests.Api;

/// <summary>JSON as it is, text as a string, anything else as base64.</summary>
public sealed class ResultJsonTests
{
    [Theory]
    [InlineData("application/json", "{ \"a\" : 1.0 }", "{ \"a\" : 1.0 }")]
    [InlineData("application/problem+json; charset=utf-8", "[1]", "[1]")]
    [InlineData("application/json", "{broken", "\"{broken\"")]
    [InlineData("text/plain", "zwölf\n", "\"zwölf\\n\"")]
    [InlineData("text/html; charset=\"utf-8\"", "<b>", "\"<b>\"")]
    [InlineData("application/xml", "<a/>", "\"<a/>\"")]
    [InlineData("application/octet-stream", "ab", "{\"base64\":\"YWI=\"}")]
    [InlineData("text/plain; charset=klingon", "ab", "{\"base64\":\"YWI=\"}")]
    [InlineData("text/plain; charset=utf-7", "ab", "{\"base64\":\"YWI=\"}")]
    [InlineData("nonsense", "ab", "{\"base64\":\"YWI=\"}")]
    [InlineData(null, "ab", "{\"base64\":\"YWI=\"}")]
    public void A_body_is_shown_by_its_type(string? contentType, string body, string json) => Assert.Equal(json, Shown(contentType, Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    public void Bytes_that_are_no_text_are_base64(string contentType) => Assert.Equal("{\"base64\":\"/w==\"}", Shown(contentType, [0xFF]));

    [Fact]
    public void Latin1_is_read_as_it_says() => Assert.Equal("\"ü\"", Shown("text/plain; charset=iso-8859-1", [0xFC]));

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(100_000, false)]
    public void Json_that_nests_deeper_than_readers_go_is_not_inline(int depth, bool isInline)
    {
        var deep = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));

        Assert.Equal(isInline, ResultJson.Of(new JobResult(200, "application/json", deep, deep.Length)) is not null);
    }

    [Fact]
    public void Json_is_shown_as_json_in_whatever_encoding_it_came()
    {
        Assert.Equal("{\"a\":\"ü\"}", Shown("application/json", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("{\"a\":\"ü\"}")]));
        Assert.Equal("{\"a\":\"ü\"}", Shown("application/json; charset=utf-16", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{\"a\":\"ü\"}")]));
        Assert.Equal("{\"a\":\"ü\"}", Shown("application/json; charset=iso-8859-1", Encoding.Latin1.GetBytes("{\"a\":\"ü\"}")));
        Assert.Equal("{}", Shown("application/json; charset=klingon", "{}"u8.ToArray()));
    }

    [Fact]
    public void An_empty_body_and_one_that_is_not_inline_are_left_out()
    {
        Assert.Null(ResultJson.Of(new JobResult(204, null, ReadOnlyMemory<byte>.Empty, 0)));
        Assert.Null(ResultJson.Of(new JobResult(200, "application/json", null, 100_000)));
        Assert.Null(ResultJson.Of(null));
    }

    private static string Shown(string? contentType, byte[] body) =>
        Encoding.UTF8.GetString(ResultJson.Of(new JobResult(200, contentType, body, body.Length))!.Value.Utf8.Span);
}
