namespace JobService.Upstream;

/// <summary>What every message that leaves has in common: no redirect, no cookie, no header of ours, no proxy but the operator's, and the guard on each connection.</summary>
internal static class OutgoingHandler
{
    public static SocketsHttpHandler Create(Dialer dialer, UpstreamOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = dialer.Proxy is not null, // with true and none of ours it would be the environment's
            Proxy = dialer.Proxy,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            ConnectCallback = dialer.ConnectAsync,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = Certificates.Accept;
        return handler;
    }
}
