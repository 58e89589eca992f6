using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>Without an API key, refuses requests whose host name the operator has not allowed.</summary>
/// <remarks>
/// A page can point its own host name at this machine after it was loaded (DNS rebinding): to the browser, the service then has the page's origin, and the page can read
/// and change anything. <c>Host</c> still has the name that the page was loaded under. An IP address cannot be rebound, and <c>localhost</c> is not resolved by a
/// foreign server. With an API key, the page does not have it; from another machine, the browser reaches no more than that machine does. The gate runs before anything that trusts a header of
/// a proxy, because the page can send such headers too.
/// </remarks>
internal sealed class HostGate(IOptions<ApiOptions> options, ApiKeyGate key)
{
    private volatile string? known;

    private readonly List<StringSegment> names = [.. options.Value.AllowedHosts.Select(name => new StringSegment(name))];

    public Task Pass(HttpContext http, RequestDelegate next) =>
        !key.IsOpen || !(IsLocal(http.Connection) || names.Count > 0) || IsKnown(http.Request.Host)
            ? next(http)
            : Problems.UnknownHost(http.Request.Host.Host).ExecuteAsync(http);

    // HTTP/1.0 has no Host, and browsers do not use it.
    private bool IsKnown(HostString host)
    {
        // A cache of one: nearly every request has the same host as the one before.
        if (host.Value == known)
            return true;
        if (!MayBeNamed(host))
            return false;
        known = host.Value;
        return true;
    }

    private bool MayBeNamed(HostString host) =>
        !host.HasValue || IPAddress.TryParse(host.Host, out _) || Is(host.Host, "localhost") || HostString.MatchesAny(new StringSegment(host.Host.TrimEnd('.')), names);

    private static bool Is(string host, string name) => host.AsSpan().TrimEnd('.').Equals(name, StringComparison.OrdinalIgnoreCase);

    // A name can resolve to any address of this machine. A Unix socket has none, and no browser opens one.
    private static bool IsLocal(ConnectionInfo connection) =>
        ClientAddress.Plain(connection.LocalIpAddress) is { } address && (IPAddress.IsLoopback(address) || address.Equals(ClientAddress.Plain(connection.RemoteIpAddress)));
}
