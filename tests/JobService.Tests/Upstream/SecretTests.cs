using JobService.Jobs;
using JobService.Tests.Support;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class SecretTests
{
    private const string Secret = "s3cr3t-Value";

    private static readonly Dictionary<string, HeaderValue> Authorized = new() { ["authorization"] = new HeaderValue.FromConfiguration("Token") };

    [Fact]
    public async Task A_secret_is_sent()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address, Authorized, configuration: Configured($"Bearer {Secret}"));

        await api.RespondedAsync();

        Assert.Equal([$"Bearer {Secret}"], server.OnlyRequest.Header("Authorization"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_secret_that_is_not_configured_is_named_and_nothing_is_sent(string? value)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address, Authorized, configuration: Configured(value));

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.MissingSecret, false), (broken.Type, broken.MayRetry));
        Assert.Contains("JobService:Secrets:Token", broken.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Fact]
    public async Task A_secret_with_a_line_break_is_not_sent_and_not_told()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address, Authorized, configuration: Configured($"{Secret}\n"));

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.MissingSecret, false), (broken.Type, broken.MayRetry));
        Assert.DoesNotContain(Secret, broken.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 nonsense\r\n\r\n")]
    public async Task A_call_that_breaks_does_not_tell_the_secret(string response)
    {
        await using var server = new RawTcpApi(Cut(response));
        await using var api = Calls.Http(server.Address, Authorized, configuration: Configured(Secret));

        var broken = await api.BrokenAsync();

        Assert.DoesNotContain(Secret, broken.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_holds_nothing_of_the_request()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address, Authorized, configuration: Configured(Secret));

        var response = await api.RespondedAsync();

        Assert.DoesNotContain(Secret, response + response.Text(), StringComparison.Ordinal);
    }

    private static Dictionary<string, string?> Configured(string? value) => new() { ["JobService:Secrets:Token"] = value };
}
