using System.Net;

namespace JobService.Upstream;

/// <summary>The operator's outgoing proxy: <c>JobService:Upstream:Proxy</c>, and the hosts that are called without it.</summary>
public sealed class OutgoingProxy : IWebProxy
{
    /// <summary>Environment variables from which other programs take their proxy. This service ignores them: only its configuration decides which addresses it calls.</summary>
    private static readonly string[] environmentNames = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

    private const string AllHosts = "*";

    private readonly Uri address;
    private readonly string[] without;

    private OutgoingProxy(Uri address, string[] without, ICredentials? credentials)
    {
        this.address = address;
        this.without = without;
        Credentials = credentials;
    }

    public ICredentials? Credentials { get; set; }

    /// <summary>Null when calls are made directly.</summary>
    public static OutgoingProxy? Of(UpstreamOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Proxy) || Read(options.Proxy) is not { } given)
            return null;
        var credentials = given.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var password]
            ? new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(string.Concat(password)))
            : null;
        return new OutgoingProxy(
            new UriBuilder(given) { UserName = "", Password = "" }.Uri,
            options.NoProxy?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            credentials);
    }

    /// <summary>What is wrong with the setting; null when nothing is.</summary>
    public static string? Fault(string? proxy) => string.IsNullOrWhiteSpace(proxy) || Read(proxy) is not null ? null : "An address such as http://proxy.example:3128, with user and password before the host if needed.";

    /// <summary>What to log for the operator at the start; null when there is nothing.</summary>
    /// <param name="proxy">The proxy in use.</param>
    /// <param name="configuration">Includes the environment.</param>
    /// <returns>The sentence, and whether it is a warning.</returns>
    public static (string Sentence, bool IsWarning)? Notice(OutgoingProxy? proxy, IConfiguration configuration)
    {
        if (proxy is not null)
            return ($"Calls and callbacks use the proxy {proxy.address.GetLeftPart(UriPartial.Authority)}", false);
        return Array.Find(environmentNames, name => !string.IsNullOrEmpty(configuration[name])) is { } unused
            ? ($"{unused} names a proxy, and it is not used: calls and callbacks leave directly. JobService:Upstream:Proxy sets one", true)
            : null;
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : address;

    public bool IsBypassed(Uri host) => Array.Exists(without, name => name == AllHosts || Covers(name.TrimStart('*').TrimStart('.').Trim('[', ']'), host.IdnHost));

    private static bool Covers(string name, string host) =>
        host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase);

    private static Uri? Read(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0, AbsolutePath: "/", Query: "", Fragment: "" } ? uri : null;
}
