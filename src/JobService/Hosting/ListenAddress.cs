namespace JobService.Hosting;

/// <summary>Where the service listens: Kestrel's own endpoints, <c>urls</c>, <c>http_ports</c>, <c>https_ports</c>, in this order; else port 8080 of this machine.</summary>
internal static class ListenAddress
{
    public const string Default = "http://localhost:8080";

    /// <summary>The first of the addresses that the settings name; null when they name none.</summary>
    public static string? From(IConfiguration settings) =>
        settings.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).FirstOrDefault(url => url is not null)
        ?? First(settings["urls"], "{0}") ?? First(settings["http_ports"], "http://*:{0}") ?? First(settings["https_ports"], "https://*:{0}");

    private static string? First(string? list, string form) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(each => string.Format(null, form, each)).FirstOrDefault();
}
