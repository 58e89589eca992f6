using System.Net;
using System.Net.Sockets;

namespace JobService.Tests.Support;

/// <summary>Ports for processes that must be told theirs.</summary>
/// <remarks>Below 32 768, where the kernel begins to take the ports of outgoing connections: none of those can come in between.</remarks>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int next = Environment.ProcessId * 31;

    public static int Next()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref next) & int.MaxValue) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
