using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CsCheck;
using JobService.Api;
using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;

namespace JobService.Tests.Api;

/// <summary>The short way of reading a job makes of a body what the serializer makes of it, or leaves it to the serializer.</summary>
public sealed class PlainJobTests
{
    private static readonly Gen<string> texts = Gen.OneOf("", "a", "default", "ü€😀", "a b", "\\u0061", "\\n", "\\ud800", "\\x", "\u0001", "\u007f", new string('k', 300));

    private static readonly Gen<string> numbers = Gen.OneOf("0", "1", "-7", "100", "-0", "1.0", "2e0", "1.5", "01", "+1", "2147483647", "2147483648", "1e400", "-", "NaN");

    private static readonly Gen<string> words = Gen.OneOf("null", "true", "false", "nul", "[]", "{}", "/**/1", "{\"a\":1,}", "[1,]", "");

    private static readonly Gen<string> names = Gen.OneOf("a", "b", "c", "ä", "payload", "key", "\\u0061", "\\ud800", "", "a\\\"");

    private static readonly Gen<string> scalars = Gen.OneOf(texts.Select(text => $"\"{text}\""), numbers, words);

    private static readonly Gen<string> values = Gen.Recursive<string>((depth, inner) => depth > 3 ? scalars : Gen.OneOf(
        scalars,
        inner.Array[0, 3].Select(items => $"[{string.Join(" , ", items)}]"),
        Gen.Select(names, inner).Array[0, 4].Select(fields => Object(fields))));

    /// <summary>Good values mostly, so that many bodies are plain.</summary>
    private static readonly Gen<(string, string)> fields = Gen.Frequency(
        (6, Gen.Select(Gen.OneOf("payload"), values)),
        (3, Gen.Select(Gen.OneOf("queue", "key"), Gen.OneOf("\"default\"", "\"ü\"", "\"\""))),
        (3, Gen.Select(Gen.OneOf("priority", "weight"), Gen.OneOf("1", "-100", "7"))),
        (1, Gen.Select(Gen.OneOf("queue", "key", "priority", "weight", "lock", "tags", "request", "maxAttempts", "Payload", "\\u006bey", ""), values)));

    private static readonly Gen<byte[]> bodies = Gen.Select(fields.Array[0, 4], Gen.OneOf("", "", "", " ", "\n\t", " x", "{}", "\u0000"), Gen.Int[0, 400], Gen.Byte).Select((all, behind, at, other) =>
    {
        var body = Encoding.UTF8.GetBytes(Object(all) + behind);
        // One in some has a byte that nobody meant.
        if (at < body.Length)
            body[at] = other;
        return body;
    });

    [Theory]
    [InlineData("""{"payload":1}""")]
    [InlineData("""{}""")]
    [InlineData(""" { "payload" : {"a" : [1.50, 1e2, null, {"b":"\u00e4\/\ud800"}]} , "key":"ü😀" , "queue":"q","priority":-100,"weight":2147483647 } """)]
    [InlineData("""{"payload":null,"key":""}""")]
    [InlineData("""{"payload":{"a":{"b":1},"b":{"a":1,"b":2},"c":[{"a":1},{"a":1}]}}""")]
    public void A_plain_job_is_read_in_one_pass(string body)
    {
        Assert.NotNull(PlainJob.Read(Encoding.UTF8.GetBytes(body)));
        AssertSame(Encoding.UTF8.GetBytes(body));
    }

    [Theory]
    [InlineData("""{"payload":1,"payload":1}""")]
    [InlineData("""{"payload":{"a":1,"b":{},"a":2}}""")]
    [InlineData("""{"payload":[{"a":1,"a":2}]}""")]
    [InlineData("""{"payload":{"\u0061":1}}""")]
    [InlineData("""{"payload":1,"key":"\u0061"}""")]
    [InlineData("""{"payload":1,"key":null}""")]
    [InlineData("""{"payload":1,"weight":1.0}""")]
    [InlineData("""{"payload":1,"weight":"1"}""")]
    [InlineData("""{"payload":1,"lock":"a"}""")]
    [InlineData("""{"payload":1,"Key":"a"}""")]
    [InlineData("""{"payload":1} {}""")]
    [InlineData("""{"payload":1,}""")]
    [InlineData("""{"payload":[1,]}""")]
    [InlineData("""{"payload":/**/1}""")]
    [InlineData("""{"payload":1""")]
    [InlineData("""{"payload":""")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_is_not_plain_is_left_to_the_serializer(string body) => Assert.Null(PlainJob.Read(Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData(31, true)]
    [InlineData(32, false)]
    public void It_goes_as_deep_as_the_serializer(int depth, bool isTaken)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"payload":{{new string('[', depth)}}{{new string(']', depth)}}}""");

        Assert.Equal(isTaken, PlainJob.Read(body) is not null);
        Assert.Equal(isTaken, JsonBody.Read<SubmitJob>(body, out _) is not null);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Of_many_names_the_serializer_says_whether_one_stands_twice(int count, bool isPlain)
    {
        var payload = string.Join(',', Enumerable.Range(0, count).Select(n => $"\"{n}\":{n}"));

        Assert.Equal(isPlain, PlainJob.Read(Encoding.UTF8.GetBytes($$$"""{"payload":{{{{payload}}}}}""")) is not null);
        Assert.Empty(Faults($$$"""{"payload":{{{{payload}}}}}"""));
        Assert.NotEmpty(Faults($$$"""{"payload":{{{{payload}}},"0":0}}"""));
    }

    [Fact]
    public void Every_body_is_the_same_job_on_both_ways()
    {
        var (all, plain) = (0, 0);
        bodies.Sample(body =>
        {
            Interlocked.Increment(ref all);
            if (AssertSame(body))
                Interlocked.Increment(ref plain);
        }, iter: 20_000);

        Assert.InRange(plain, all / 10, all * 9 / 10);
    }

    /// <returns>False when it is not plain.</returns>
    private static bool AssertSame(byte[] body)
    {
        // Whatever is no UTF-8 is refused before either reads it.
        if (!System.Text.Unicode.Utf8.IsValid(body) || PlainJob.Read(body) is not { } plain)
            return false;

        var ordinary = JsonSerializer.Deserialize(body, ApiJson.Of<SubmitJob>()) ?? throw new UnreachableException("It is an object.");
        Assert.Equal(ordinary.NamesQueue, plain.NamesQueue);
        Assert.Equal(ordinary.Check(), plain.Check());
        var (expected, read) = (NewJobOf(ordinary), NewJobOf(plain));
        Assert.Equal(expected.Payload?.ToArray(), read.Payload?.ToArray());
        Assert.Equal(expected with { Payload = null }, read with { Payload = null });
        return true;
    }

    private static NewJob NewJobOf(SubmitJob job) => job.ToNewJob(default, default);

    private static IReadOnlyList<Violation> Faults(string body)
    {
        JsonBody.Read<SubmitJob>(Encoding.UTF8.GetBytes(body), out var faults);
        return faults;
    }

    private static string Object(IEnumerable<(string Name, string Value)> all) => $"{{{string.Join(',', all.Select(field => $"\"{field.Name}\":{field.Value}"))}}}";
}
