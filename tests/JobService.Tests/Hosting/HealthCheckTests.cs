using System.Net;
using System.Net.Sockets;
using System.Text;
using JobService.Hosting;
using JobService.Tests.Support;

namespace JobService.Tests.Hosting;

/// <summary>The health check goes to the addresses on which the service listens, and to no other.</summary>
public sealed class HealthCheckTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-health-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:*", 0)]
    [InlineData("127.0.0.1", "http://localhost:*", 0)]
    [InlineData("127.0.0.1", "http://0.0.0.0:*", 0)]
    [InlineData("127.0.0.1", "http://+:*", 0)]
    [InlineData("127.0.0.5", "http://127.0.0.5:*", 0)]
    [InlineData("127.0.0.5", "http://127.0.0.1:*", 1)]
    [InlineData("127.0.0.1", "http://127.0.0.5:*", 1)]
    [InlineData("127.0.0.5", "http://127.0.0.1:*;http://127.0.0.5:*", 0)]
    [InlineData("127.0.0.5", "http://127.0.0.5:*;http://127.0.0.1:*", 0)]
    [InlineData("127.0.0.5", "nonsense;http://127.0.0.5:*", 0)]
    [InlineData("127.0.0.5", "http://127.0.0.1:*;http://127.0.0.2:*", 1)]
    [InlineData("::1", "http://[::1]:*", 0)]
    [InlineData("::1", "http://[::]:*", 0)]
    [InlineData("::1", "http://127.0.0.1:*", 1)]
    public async Task It_asks_where_the_service_listens(string listens, string urls, int code)
    {
        var address = new IPEndPoint(IPAddress.Parse(listens), FreePort.Next());
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
            Assert.Skip("This machine has no IPv6.");
        using var service = Listening(address);
        _ = ServeAsync(service, "200 OK");

        Assert.Equal(code, await AskAsync("--urls", urls.Replace("*", $"{address.Port}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("200 OK", 0)]
    [InlineData("503 Service Unavailable", 1)]
    public async Task A_socket_of_the_file_system_is_asked_too(string status, int code)
    {
        var file = Path.Combine(folder.FullName, "s");
        using var service = Listening(new UnixDomainSocketEndPoint(file));
        _ = ServeAsync(service, status);

        Assert.Equal(code, await AskAsync("--urls", $"http://unix:{file}"));
    }

    [Fact]
    public async Task An_address_that_is_silent_keeps_nobody_from_the_one_that_answers()
    {
        using var silent = Listening(new IPEndPoint(IPAddress.Loopback, 0));
        using var service = Listening(new IPEndPoint(IPAddress.Loopback, 0));
        _ = ServeAsync(service, "200 OK");

        // Endpoints of Kestrel's own come before all others, and each counts.
        Assert.Equal(0, await AskAsync("--Kestrel:Endpoints:A:Url", $"http://{silent.LocalEndPoint}", "--Kestrel:Endpoints:B:Url", $"http://{service.LocalEndPoint}", "--urls", "http://127.0.0.1:1"));
    }

    private static Task<int> AskAsync(params string[] args) => HealthCheckVerb.RunAsync(given: null, args).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

    private static Socket Listening(EndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(address);
        socket.Listen();
        return socket;
    }

    private static async Task ServeAsync(Socket listener, string status)
    {
        using var peer = await listener.AcceptAsync();
        var request = new byte[4_096];
        var length = await peer.ReceiveAsync(request);
        // The name is one that the service accepts as Host, whatever its address.
        var isRight = Encoding.ASCII.GetString(request, 0, length) is var text && text.StartsWith("GET /livez ", StringComparison.Ordinal) && text.Contains("\r\nHost: localhost", StringComparison.Ordinal);
        await peer.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {(isRight ? status : "400 Bad Request")}\r\nContent-Length: 0\r\n\r\n"));
    }
}
