using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using JobService.Api;
using JobService.Api.Http;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

public sealed class ApiKeyTests
{
    [Fact]
    public async Task A_configured_key_is_asked_for_under_v1_and_nowhere_else()
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:ApiKey"] = "s3cret" });

        foreach (var (value, status) in new (string? Value, HttpStatusCode Status)[]
        {
            (null, HttpStatusCode.Unauthorized), ("Bearer", HttpStatusCode.Unauthorized), ("Bearer wrong", HttpStatusCode.Unauthorized),
            ("Basic s3cret", HttpStatusCode.Unauthorized), ("Bearer S3CRET", HttpStatusCode.Unauthorized),
            ("Bearer s3cret", HttpStatusCode.OK), ("bearer  s3cret", HttpStatusCode.OK),
        })
        {
            using var response = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, value is null ? [] : [("Authorization", value)]);
            Assert.Equal((value, status), (value, response.StatusCode));
            if (status == HttpStatusCode.Unauthorized)
            {
                Assert.Equal("/problems/unauthorized", (await ProblemJson.ReadAsync(response)).Type);
                Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
            }
        }

        foreach (var path in (string[])["/livez", "/readyz", "/openapi/v1.json", "/problems/queue-full"])
        {
            using var open = await service.SendAsync(HttpMethod.Get, path);
            Assert.Equal((path, HttpStatusCode.OK), (path, open.StatusCode));
        }

        foreach (var path in (string[])["/V1/queues", "/v1/nothing", "/v1/jobs"])
        {
            using var closed = await service.SendAsync(HttpMethod.Get, path);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, closed.StatusCode));
        }
    }

    [Fact]
    public async Task Who_guesses_is_not_looked_at_any_more_and_others_are_not_concerned()
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:ApiKey"] = "s3cret" });
        using var guesser = From("127.0.0.2", service);
        using var familiar = From("127.0.0.3", service);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(familiar, "s3cret"));

        // Some tries grow back while the others are counted: one a second.
        var started = TimeProvider.System.GetTimestamp();
        List<HttpStatusCode> guesses = [];
        for (var i = 0; i < 5 * ApiKeyGate.WrongTries; i++)
            guesses.Add(await AskAsync(guesser, $"guess-{i}"));

        // Nor is one that is right by chance.
        guesses.Add(await AskAsync(guesser, "s3cret"));
        var grownBack = (int)TimeProvider.System.GetElapsedTime(started).TotalSeconds + 1;

        Assert.All(guesses.Take(ApiKeyGate.WrongTries), status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.InRange(guesses.Count(status => status != HttpStatusCode.TooManyRequests), ApiKeyGate.WrongTries, ApiKeyGate.WrongTries + grownBack);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(familiar, "s3cret"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(service.Client, "s3cret"));

        // Nor has an address on which one client is right and another is wrong locked out the first.
        for (var i = 0; i < 2 * ApiKeyGate.WrongTries; i++)
            await AskAsync(familiar, "wrong");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(familiar, "s3cret"));
    }

    [Fact]
    public async Task The_refusal_says_when_to_come_back()
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:ApiKey"] = "s3cret" });
        HttpResponseMessage response;
        do
            response = await service.SendAsync(HttpMethod.Get, "/v1/queues");
        while (response.StatusCode == HttpStatusCode.Unauthorized);

        Assert.Equal("/problems/too-many-wrong-keys", (await ProblemJson.ReadAsync(response)).Type);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        response.Dispose();
    }

    [Theory]
    [InlineData("s3cret", true)]
    [InlineData("two words", true)]
    [InlineData(null, true)]
    [InlineData("", false)]
    [InlineData(" s3cret", false)]
    [InlineData("s3cret\n", false)]
    [InlineData(" ", false)]
    [InlineData("schlüssel", false)]
    public void A_key_that_no_client_could_send_stops_the_start(string? key, bool isOne) =>
        Assert.Equal(isOne, new SectionCheck<ApiOptions>(ApiOptions.Section).Validate(null, new ApiOptions { ApiKey = key }).Succeeded);

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/queues");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request, new CancellationTokenSource(Patience.Hang).Token);
        return response.StatusCode;
    }

    /// <summary>A client with an address of its own: all of 127.0.0.0/8 is this machine.</summary>
    private static HttpClient From(string address, ServiceFixture service) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (connection, cancel) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, connection.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = service.Address,
    };
}
