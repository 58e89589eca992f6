using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>A request as bytes, for what no client library would send.</summary>
internal static class RawHttp
{
    /// <param name="service">Where it goes.</param>
    /// <param name="request">The whole message; it asks to close the connection.</param>
    /// <returns>All that came back.</returns>
    public static async Task<string> AskAsync(Uri service, string request)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        using var client = new TcpClient();
        await client.ConnectAsync(service.Host, service.Port, hang.Token);
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(request), hang.Token);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(hang.Token);
    }
}
