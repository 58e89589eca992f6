using JobService.Jobs;

namespace JobService.Tests.Api;

public sealed class QueueRulesTests
{
    [Theory]
    [InlineData("https://api.example.com")]
    [InlineData("http://localhost:8080/v2/")]
    [InlineData("http://[::1]:80")]
    public void A_base_address_is_absolute_http(string address) => Assert.Empty(QueueRules.Check(Calling(address)));

    [Theory]
    [InlineData("")]
    [InlineData("api.example.com")]
    [InlineData("/v1")]
    [InlineData("//127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.com")]
    [InlineData("http://")]
    [InlineData("http://user:pass@example.com")]
    [InlineData("http://user@example.com")]
    [InlineData("http://example.com?a=b")]
    [InlineData("http://example.com#x")]
    [InlineData("http://example.com\\@evil")]
    [InlineData(" http://example.com")]
    [InlineData("http://example.com\r\n")]
    [InlineData("javascript:alert(1)")]
    public void Anything_else_is_refused(string address) => Assert.Equal("/target/baseAddress", Assert.Single(QueueRules.Check(Calling(address))).Pointer);

    [Fact]
    public void The_mask_is_no_value_of_a_credential_and_an_ordinary_one_elsewhere()
    {
        var headers = new Dictionary<string, HeaderValue> { ["authorization"] = new HeaderValue.Text("***"), ["user-agent"] = new HeaderValue.Text("***") };

        Assert.Equal("/target/headers/authorization", Assert.Single(QueueRules.Check(Calling("http://x", headers))).Pointer);
    }

    [Fact]
    public void A_header_is_named_once_whatever_its_case()
    {
        var headers = new Dictionary<string, HeaderValue> { ["X-A"] = new HeaderValue.Text("1"), ["x-a"] = new HeaderValue.Text("2") };

        Assert.Equal("/target/headers/x-a", Assert.Single(QueueRules.Check(Calling("http://x", headers))).Pointer);
    }

    [Theory]
    [InlineData("Authorization", true)]
    [InlineData("COOKIE", true)]
    [InlineData("Proxy-Authorization", true)]
    [InlineData("X-Api-Key", true)]
    [InlineData("x-github-token", true)]
    [InlineData("My-Secret", true)]
    [InlineData("db-password", true)]
    [InlineData("X-Auth", true)]
    [InlineData("X-JWT", true)]
    [InlineData("X-Session-Id", true)]
    [InlineData("X-Access-Code", true)]
    [InlineData("X-Passwd", true)]
    [InlineData("X-Pin", true)]
    [InlineData("Referer", true)]
    [InlineData("X-Whatever", true)]
    [InlineData("user-agent", false)]
    [InlineData("Accept", false)]
    [InlineData("anthropic-version", false)]
    public void Values_are_masked_unless_the_name_is_known_to_carry_none_of_value(string name, bool hidden)
    {
        var queue = Calling("http://x", new Dictionary<string, HeaderValue> { [name] = new HeaderValue.Text("v") }).Masked();

        Assert.Equal(new HeaderValue.Text(hidden ? "***" : "v"), ((HttpTarget)queue.Target).Headers[name]);
    }

    [Fact]
    public void Not_a_number_is_out_of_every_bound()
    {
        var queue = new QueueDefinition
        {
            TimeoutSeconds = double.NaN,
            Retry = new RetryPolicy { BaseSeconds = double.NaN, MaxSeconds = double.PositiveInfinity, GiveUpAfterSeconds = double.NaN },
            Target = new SimulatedTarget { FailureRate = double.NaN, LatencySeconds = new LatencyRange { Min = 2, Max = 1 } },
            Process = new SimulatedProcessing { CpuSeconds = double.NaN },
        };

        Assert.Equal(
            [
                "/timeoutSeconds", "/retry/baseSeconds", "/retry/maxSeconds", "/retry/giveUpAfterSeconds", "/target/latencySeconds/max", "/target/failureRate",
                "/process/cpuSeconds",
            ],
            QueueRules.Check(queue).Select(violation => violation.Pointer));
    }

    private static QueueDefinition Calling(string address, IReadOnlyDictionary<string, HeaderValue>? headers = null) =>
        new() { Target = new HttpTarget { BaseAddress = address, Headers = headers ?? new Dictionary<string, HeaderValue>() } };
}
