using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>A client on a bare socket that takes as little as it likes and leaves the rest with the server.</summary>
internal sealed class SlowClient : IDisposable
{
    /// <summary>What lies in the kernel does not lie in the server.</summary>
    private const int KernelBytes = 4 * 1024;

    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = KernelBytes };
    private readonly byte[] buffer = new byte[KernelBytes];

    private long moved;

    /// <summary>Bytes that went out and came in.</summary>
    public long Moved => Volatile.Read(ref moved);

    /// <summary>The status of the response; 0 when the connection was closed without one.</summary>
    public int Status { get; private set; }

    public static async Task<SlowClient> ConnectAsync(IPEndPoint server, CancellationToken hang)
    {
        var client = new SlowClient();
        await client.socket.ConnectAsync(server, hang);
        return client;
    }

    /// <param name="server">Where to.</param>
    /// <param name="request">The request line without the version, and header fields, each line ended by CRLF.</param>
    /// <param name="body">Announced by its length.</param>
    /// <param name="hang">Ends every wait.</param>
    public static async Task<SlowClient> SendAsync(IPEndPoint server, string request, ReadOnlyMemory<byte> body, CancellationToken hang)
    {
        var client = await ConnectAsync(server, hang);
        var end = request.IndexOf("\r\n", StringComparison.Ordinal);
        var length = body.IsEmpty ? "" : $"Content-Length: {body.Length}\r\n";
        await client.SendAsync(Encoding.UTF8.GetBytes($"{request[..end]} HTTP/1.1\r\nHost: localhost{request[end..]}{length}\r\n"), hang);
        await client.SendAsync(body, hang);
        return client;
    }

    /// <summary>Sends as much as the server takes.</summary>
    /// <returns>False when it has closed the connection.</returns>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken hang)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                var sent = await socket.SendAsync(bytes, SocketFlags.None, hang);
                Interlocked.Add(ref moved, sent);
                bytes = bytes[sent..];
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Reads the first bytes of the response.</summary>
    public async Task BeginAsync(CancellationToken hang)
    {
        var read = await ReadAsync(hang);
        Status = read > 12 ? int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    /// <returns>How many bytes came; 0 at the end.</returns>
    public async Task<int> ReadAsync(CancellationToken hang)
    {
        try
        {
            var read = await socket.ReceiveAsync(buffer, SocketFlags.None, hang);
            Interlocked.Add(ref moved, read);
            return read;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public void Dispose() => socket.Dispose();
}
