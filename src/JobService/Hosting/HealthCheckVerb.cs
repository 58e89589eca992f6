using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace JobService.Hosting;

/// <summary><c>JobService healthcheck</c>: asks the service of the same container whether it is alive. A slim image has no shell and no curl for that.</summary>
internal static class HealthCheckVerb
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <param name="given">An address or a port instead of what the settings say.</param>
    /// <param name="args">Settings, as the service was started with.</param>
    /// <returns>The exit code: 0 alive, 1 not.</returns>
    public static async Task<int> RunAsync(string? given, string[] args)
    {
        var address = given is null
            ? ListenAddress.From(WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }).Configuration) ?? ListenAddress.Default
            : int.TryParse(given, out var port) ? $"http://127.0.0.1:{port}" : given;
        try
        {
            var binding = BindingAddress.Parse(address);
            // The certificate may name any host and come from any authority: what is asked is this machine's own service.
            using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancel) => ConnectAsync(binding, cancel) };
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, faults) => faults != SslPolicyErrors.RemoteCertificateNotAvailable;
            using var client = new HttpClient(handler) { Timeout = Patience };
            using var response = await client.GetAsync(new Uri($"{binding.Scheme}://localhost:{(binding.IsUnixPipe ? 80 : binding.Port)}{binding.PathBase}/livez"));
            if (!response.IsSuccessStatusCode)
                await Console.Error.WriteLineAsync($"{address}: {(int)response.StatusCode}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or FormatException)
        {
            await Console.Error.WriteLineAsync($"{address}: {exception.Message}");
            return 1;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(BindingAddress binding, CancellationToken cancel)
    {
        if (binding.IsUnixPipe)
            return await ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(binding.UnixPipePath), cancel);

        // What is not a single address, as * or +, is every address of the machine.
        var host = !IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) || ip.Equals(IPAddress.Any) ? IPAddress.Loopback : ip.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : ip;
        return await ConnectAsync(new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp), new IPEndPoint(host, binding.Port), cancel);
    }

    private static async Task<Stream> ConnectAsync(Socket socket, EndPoint to, CancellationToken cancel)
    {
        try
        {
            await socket.ConnectAsync(to, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
