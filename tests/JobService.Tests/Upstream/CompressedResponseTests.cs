using System.Globalization;
using System.IO.Compression;
using System.Text;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Upstream;

/// <summary>A compressed response is read as what it holds, or not at all.</summary>
public sealed class CompressedResponseTests
{
    private const int Cap = 100_000;

    private static readonly UpstreamOptions Capped = new() { AllowPrivateNetworks = true, MaxResponseBytes = Cap };
    private static readonly string Json = $"[{string.Join(',', Enumerable.Range(0, 5_000))}]";

    public static TheoryData<string> Codings => ["gzip", "x-gzip", "GZIP", "br", "deflate", "bare deflate", "identity", "gzip, identity", "gzip, br", "deflate, gzip, br"];

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task What_was_compressed_is_read(string codings)
    {
        await using var server = new RawTcpApi(Compressed(codings, Encode(Json, codings)));
        await using var api = Calls.Http(server.Address, options: Capped);

        var response = await api.RespondedAsync();

        Assert.Equal((200, Json), (response.Status, response.Text()));
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 8)]
    [InlineData("gzip", 5_000)]
    [InlineData("br", 1)]
    [InlineData("br", 5_000)]
    [InlineData("deflate", 1)]
    [InlineData("deflate", 5_000)]
    [InlineData("bare deflate", 1)]
    [InlineData("bare deflate", 5_000)]
    public async Task Half_of_a_compressed_body_is_no_result(string coding, int missing)
    {
        await using var server = new RawTcpApi(Compressed(coding, Encode(Json, coding)[..^missing]));
        await using var api = Calls.Http(server.Address, options: Capped);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
        Assert.Contains("not complete", broken.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task What_is_not_compressed_as_it_says_is_no_result(string coding)
    {
        await using var server = new RawTcpApi(Compressed(coding, Encoding.ASCII.GetBytes("hello world, this is plain text")));
        await using var api = Calls.Http(server.Address, options: Capped);

        Assert.Equal(ErrorTypes.Transport, (await api.BrokenAsync()).Type);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("bare deflate")]
    public async Task The_cap_holds_for_what_comes_out(string coding)
    {
        await using var server = new RawTcpApi(Compressed(coding, Encode(new string(' ', 50 * Cap), coding)));
        await using var api = Calls.Http(server.Address, options: Capped);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.TooLarge, false), (broken.Type, broken.MayRetry));
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, zstd")]
    [InlineData("gzip, gzip, gzip, gzip")]
    public async Task An_encoding_that_is_not_read_is_named(string codings)
    {
        await using var server = new RawTcpApi(Compressed(codings, [1, 2, 3]));
        await using var api = Calls.Http(server.Address, options: Capped);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Unreadable, false), (broken.Type, broken.MayRetry));
        Assert.Contains(codings.Contains("zstd", StringComparison.Ordinal) ? "'zstd'" : "4 times", broken.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_status_says_holds_though_the_body_cannot_be_read()
    {
        await using var server = new RawTcpApi(Compressed("zstd", [1, 2, 3], "429 Too Many Requests", "Retry-After: 17"));
        await using var api = Calls.Http(server.Address, options: Capped, time: new FakeTimeProvider());

        var response = await api.RespondedAsync();

        Assert.Equal((429, TimeSpan.FromSeconds(17), ""), (response.Status, response.Hint.RetryAfter, response.Text()));
        Assert.Contains("'zstd'", response.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("POST", 204)]
    public async Task Where_there_is_no_body_none_is_unpacked(string method, int status)
    {
        await using var server = new RawTcpApi(WireReplies.Head(status, "Content-Encoding: gzip", "Content-Length: 0"));
        await using var api = Calls.Http(server.Address);

        Assert.Equal((status, ""), ((await api.RespondedAsync(Calls.Of(new ApiRequest { Method = method }))) is var response ? (response.Status, response.Text()) : default));
    }

    [Theory]
    [InlineData("application/json", "{\"a\":1}")]
    [InlineData("application/problem+json; charset=utf-8", "{\"a\":1}")]
    [InlineData("text/csv", "\uFEFF{\"a\":1}")]
    public async Task A_byte_order_mark_is_no_part_of_JSON(string type, string body)
    {
        var bytes = Encoding.UTF8.GetBytes("\uFEFF{\"a\":1}");
        await using var server = new RawTcpApi(async (connection, stop) =>
        {
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {bytes.Length}\r\n\r\n", stop);
            await connection.SendAsync(bytes, stop);
        });
        await using var api = Calls.Http(server.Address);

        Assert.Equal(body, (await api.RespondedAsync()).Text());
    }

    [Theory]
    [InlineData("5", "5")]
    [InlineData("5, 5")]
    public async Task Equal_lengths_are_one_length(params string[] lengths)
    {
        await using var server = new RawTcpApi(WithLengths(lengths));
        await using var api = Calls.Http(server.Address);

        Assert.Equal("hello", (await api.RespondedAsync()).Text());
        Assert.Equal("hello", (await api.RespondedAsync()).Text());
    }

    [Theory]
    [InlineData("5", "7")]
    [InlineData("7", "5")]
    [InlineData("0", "5")]
    [InlineData("5, 7")]
    public async Task Lengths_that_differ_are_a_broken_response(params string[] lengths)
    {
        await using var server = new RawTcpApi(WithLengths(lengths));
        await using var api = Calls.Http(server.Address);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
        Assert.Equal(ErrorTypes.Transport, (await api.BrokenAsync()).Type);
    }

    private static WireReply WithLengths(string[] lengths) => (connection, stop) =>
        connection.SendAsync($"HTTP/1.1 200 OK\r\n{string.Concat(lengths.Select(length => $"Content-Length: {length}\r\n"))}\r\nhello", stop);

    private static WireReply Compressed(string codings, byte[] body, string status = "200 OK", params string[] headers) => async (connection, stop) =>
    {
        var fields = string.Concat(headers.Select(header => header + "\r\n"));
        await connection.SendAsync(
            $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Encoding: {codings.Replace("bare ", "", StringComparison.Ordinal)}\r\n{fields}Content-Length: {body.Length}\r\n\r\n", stop);
        await connection.SendAsync(body, stop);
    };

    private static byte[] Encode(string text, string codings)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var coding in codings.Split(", "))
            bytes = Encode(bytes, coding);
        return bytes;
    }

    private static byte[] Encode(byte[] plain, string coding)
    {
        var bytes = new MemoryStream();
        using (Stream encoder = coding.ToLower(CultureInfo.InvariantCulture) switch
        {
            "gzip" or "x-gzip" => new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true),
            "br" => new BrotliStream(bytes, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(bytes, CompressionLevel.Optimal, leaveOpen: true),
            "bare deflate" => new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true),
            _ => new BufferedStream(bytes),
        })
        {
            encoder.Write(plain);
            encoder.Flush();
            if (encoder is BufferedStream)
                return bytes.ToArray();
        }

        return bytes.ToArray();
    }
}
