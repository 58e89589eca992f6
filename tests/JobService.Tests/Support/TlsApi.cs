using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>An authority of a test's own, and what it issues.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 root;

    public TestAuthority(string name = "Test Authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        root = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-30), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    /// <summary>The authority as SSL_CERT_FILE wants it.</summary>
    public string Pem => root.ExportCertificatePem();

    /// <param name="name">Whom it is for.</param>
    /// <param name="days">From and to, counted from now.</param>
    public X509Certificate2 Issue(string name, (int From, int To)? days = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = days ?? (-1, 1);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(root, now.AddDays(from), now.AddDays(to), RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), password: null);
    }

    public void Dispose() => root.Dispose();
}

/// <summary>An API behind TLS that says yes to every request.</summary>
internal sealed class TlsApi : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly SslServerAuthenticationOptions options;

    /// <param name="certificate">What it shows.</param>
    /// <param name="wantsCertificate">It asks for a client's, and hangs up without one.</param>
    public TlsApi(X509Certificate2 certificate, bool wantsCertificate = false)
    {
        options = new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = wantsCertificate,
            RemoteCertificateValidationCallback = (_, given, _, _) => given is not null || !wantsCertificate,
        };
        server = new LoopbackServer(ServeAsync);
    }

    public int Port => server.Port;

    public string Address => $"https://localhost:{Port}";

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(options, stop);
            var buffer = new byte[16 * 1024];
            while (await tls.ReadAsync(buffer, stop) > 0)
                await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"), stop);
        }
        catch (Exception end) when (end is IOException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
        {
            // The client has gone, or was not let in.
        }
    }
}
