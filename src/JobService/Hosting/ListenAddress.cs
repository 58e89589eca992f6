using System.Net;

namespace JobService.Hosting;

/// <summary>Where the service listens: Kestrel's endpoints, else <c>urls</c>, else <c>http_ports</c> and <c>https_ports</c>; else port 8080 of this machine.</summary>
internal static class ListenAddress
{
    public const string Default = "http://localhost:8080";

    public const string Said = "Set the address with --urls, ASPNETCORE_URLS or Kestrel:Endpoints.";

    /// <summary>The addresses in the settings, as written; empty when there are none.</summary>
    public static IReadOnlyList<string> Of(IConfiguration settings)
    {
        string[] endpoints = [.. settings.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>()];
        if (endpoints.Length > 0)
            return endpoints;
        string[] urls = [.. Parts(settings["urls"])];
        return urls.Length > 0 ? urls : [.. Parts(settings["http_ports"]).Select(port => $"http://*:{port}"), .. Parts(settings["https_ports"]).Select(port => $"https://*:{port}")];
    }

    /// <summary>What is wrong with an address that Kestrel would misread; null when nothing is.</summary>
    public static string? Fault(IReadOnlyList<string> addresses) =>
        addresses.FirstOrDefault(HasWrongPort) is { } wrong ? $"Cannot listen on {wrong}: a port is a number from 0 to 65535. {Said}" : null;

    private static bool HasWrongPort(string address)
    {
        try
        {
            var binding = BindingAddress.Parse(address);
            // Kestrel treats an invalid port as part of the name: it would listen on every address of the machine, at port 80.
            return !binding.IsUnixPipe && !binding.IsNamedPipe
                && (binding.Port is < 0 or > IPEndPoint.MaxPort || (binding.Host.Contains(':', StringComparison.Ordinal) && !IPAddress.TryParse(binding.Host, out _)));
        }
        catch (FormatException)
        {
            return false; // Kestrel reports that itself
        }
    }

    private static string[] Parts(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
