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
    /// <returns>The exit code: 0 alive, 1 not at any of its addresses.</returns>
    public static async Task<int> RunAsync(string? given, string[] args)
    {
        // All at once: one that is silent takes nothing of the time of the others.
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
            // The certificate may name any host and come from any authority: what is asked is this machine's own service.
            using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancel) => ConnectAsync(binding, cancel) };
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, faults) => faults != SslPolicyErrors.RemoteCertificateNotAvailable;
            using var client = new HttpClient(handler) { Timeout = Patience };
            // The name is one that the service accepts as Host whatever it is called; where the connection goes is said by the address alone.
            using var response = await client.GetAsync(new Uri($"{binding.Scheme}://localhost:{(binding.IsUnixPipe ? 80 : binding.Port)}{binding.PathBase}/livez"));
            return response.IsSuccessStatusCode ? null : $"{address}: {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or FormatException or ArgumentException)
        {
            // The outer one would name the host of the request, which nobody has called.
            return $"{address}: {(exception.InnerException is SocketException socket ? socket.Message : exception.Message)}";
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
