using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>A socket of a connection that leaves the service. There are no more of them than the process has descriptors for.</summary>
/// <remarks>Without a descriptor the runtime cannot even say what is wrong; with the bound, one call fails and is tried again.</remarks>
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
                $"The service has {Descriptors.Outbound} connections open, as many as its limit of open files leaves it (ulimit -n {Descriptors.Limit}).");
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
