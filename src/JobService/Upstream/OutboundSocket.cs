using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>A socket of an outgoing connection. Their number is bounded by the descriptors of the process.</summary>
/// <remarks>Without a free descriptor the runtime cannot even report an error; with the bound, one call fails and is retried.</remarks>
internal sealed class OutboundSocket : Socket
{
    private static int open;
    private int closed;

    private OutboundSocket(AddressFamily family)
        : base(family, SocketType.Stream, ProtocolType.Tcp) => NoDelay = true;

    /// <exception cref="SocketException">Too many are open.</exception>
    public static OutboundSocket Open(AddressFamily family)
    {
        if (Interlocked.Increment(ref open) > Descriptors.Outbound)
        {
            Interlocked.Decrement(ref open);
            throw new SocketException((int)SocketError.TooManyOpenSockets,
                $"The service has {Descriptors.Outbound} outgoing connections open, the maximum under its limit of open files (ulimit -n {Descriptors.Limit}).");
        }

        try
        {
            return new OutboundSocket(family);
        }
        catch
        {
            Interlocked.Decrement(ref open);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref closed, 1) == 0)
            Interlocked.Decrement(ref open);
        base.Dispose(disposing);
    }
}
