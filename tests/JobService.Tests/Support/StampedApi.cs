using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace JobService.Tests.Support;

/// <summary>A bare TCP or TLS server that answers every request with 200 and notes when it came.</summary>
internal sealed class StampedApi : IAsyncDisposable
{
    private static readonly byte[] reply = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray();

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<long> arrivals = new();
    private readonly ConcurrentBag<Socket> peers = [];
    private readonly X509Certificate2? certificate;
    private readonly Task accepting;

    public StampedApi(bool tls)
    {
        certificate = tls ? NewCertificate() : null;
        listener.Start(512);
        accepting = AcceptAsync();
    }

    public string Address => $"{(certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Who trusts this trusts the server.</summary>
    public string? CertificatePem => certificate?.ExportCertificatePem();

    /// <summary>Moments of the stopwatch.</summary>
    public IReadOnlyList<TimeSpan> Arrivals => [.. arrivals.Order().Select(arrival => Stopwatch.GetElapsedTime(0, arrival))];

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        foreach (var peer in peers)
            peer.Dispose();
        certificate?.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var peer = await listener.AcceptSocketAsync();
                peers.Add(peer);
                _ = ServeAsync(peer);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(Socket peer)
    {
        try
        {
            Stream stream = new NetworkStream(peer, ownsSocket: true);
            if (certificate is not null)
            {
                var secured = new SslStream(stream);
                await secured.AuthenticateAsServerAsync(certificate);
                stream = secured;
            }

            await using (stream)
            {
                // The requests are small: each comes in one piece.
                var buffer = new byte[16_384];
                while (await stream.ReadAsync(buffer) > 0)
                {
                    arrivals.Enqueue(Stopwatch.GetTimestamp());
                    await stream.WriteAsync(reply);
                }
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // The client has gone.
        }
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
