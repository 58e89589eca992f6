namespace JobService.Upstream;

/// <summary>The settings common to all outgoing messages: no redirects, no cookies, no added headers, no proxy but the operator's, and the guard on each connection.</summary>
internal static class OutgoingHandler
{
    public static SocketsHttpHandler Create(Dialer dialer, UpstreamOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = dialer.Proxy is not null, // with true and no proxy of ours, the environment's would be used
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
