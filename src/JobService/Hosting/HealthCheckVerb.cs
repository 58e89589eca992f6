using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace JobService.Hosting;

/// <summary><c>JobService healthcheck</c>: checks whether the service in the same container is alive. A slim image has neither a shell nor curl for that.</summary>
internal static class HealthCheckVerb
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <param name="given">An address or a port that overrides the settings.</param>
    /// <param name="args">The settings with which the service was started.</param>
    /// <returns>The exit code: 0 alive, 1 not at any of its addresses.</returns>
    public static async Task<int> RunAsync(string? given, string[] args)
    {
        // In parallel: an address that does not respond takes no time from the others.
        var faults = new List<string>();
        await foreach (var asked in Task.WhenEach(Addresses(given, args).Select(FaultOfAsync)))
        {
            if (await asked is not { } fault)
                return 0;
            faults.Add(fault);
        }

        foreach (var fault in faults)
            await Console.Error.WriteLineAsync(fault);
        return 1;
    }

    private static IReadOnlyList<string> Addresses(string? given, string[] args)
    {
        if (given is not null)
            return [int.TryParse(given, out var port) ? $"http://127.0.0.1:{port}" : given];
        var settings = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }).Configuration;
        return ListenAddress.Of(settings) is { Count: > 0 } named ? named : [ListenAddress.Default];
    }

    /// <returns>Null when the service is alive there.</returns>
    private static async Task<string?> FaultOfAsync(string address)
    {
        try
        {
            var binding = BindingAddress.Parse(address);
            // The certificate may name any host and come from any authority: the service runs on this machine.
            using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancel) => ConnectAsync(binding, cancel) };
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, faults) => faults != SslPolicyErrors.RemoteCertificateNotAvailable;
            using var client = new HttpClient(handler) { Timeout = Patience };
            // The service always accepts this name as Host; only the address decides where the connection goes.
            using var response = await client.GetAsync(new Uri($"{binding.Scheme}://localhost:{(binding.IsUnixPipe ? 80 : binding.Port)}{binding.PathBase}/livez"));
            return response.IsSuccessStatusCode ? null : $"{address}: {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException or FormatException or ArgumentException)
        {
            // The outer exception would name the host of the request, which is not the address called. A connection reset as soon as it is accepted fails with the inner one alone.
            return $"{address}: {(exception.InnerException is SocketException socket ? socket.Message : exception.Message)}";
        }
    }

    private static async ValueTask<Stream> ConnectAsync(BindingAddress binding, CancellationToken cancel)
    {
        if (binding.IsUnixPipe)
            return await ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(binding.UnixPipePath), cancel);

        // Anything but a single address, such as * or +, means every address of the machine.
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
