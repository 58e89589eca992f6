using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>Where anybody who reaches the port may do anything, refuses requests that were sent to a name the operator has not given.</summary>
/// <remarks>
/// A page can point a name of its own at this machine after it was loaded (DNS rebinding): for the browser, the service is then of the page's origin, and the page reads
/// and changes what it likes. The name that the page was loaded under still stands in <c>Host</c>. An address cannot be rebound, and <c>localhost</c> is resolved by nobody
/// else. With an API key the page has none; from another machine the browser reaches no more than the machine does. It stands before everything that believes a header of
/// a proxy: the page may send such headers too.
/// </remarks>
internal sealed class HostGate(IOptions<ApiOptions> options, ApiKeyGate key)
{
    private volatile string? known;

    private readonly List<StringSegment> names = [.. options.Value.AllowedHosts.Select(name => new StringSegment(name))];

    public Task Pass(HttpContext http, RequestDelegate next) =>
        !key.IsOpen || !(IsLocal(http.Connection) || names.Count > 0) || IsKnown(http.Request.Host)
            ? next(http)
            : Problems.UnknownHost(http.Request.Host.Host).ExecuteAsync(http);

    // HTTP/1.0 knows no Host, and browsers do not speak it.
    private bool IsKnown(HostString host)
    {
        // Nearly every request names the host that the one before has named.
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

    // A name can be pointed at any address of this machine. A socket file has none, and no browser opens one.
    private static bool IsLocal(ConnectionInfo connection) =>
        ClientAddress.Plain(connection.LocalIpAddress) is { } address && (IPAddress.IsLoopback(address) || address.Equals(ClientAddress.Plain(connection.RemoteIpAddress)));
}
