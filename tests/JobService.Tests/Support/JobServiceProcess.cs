namespace JobService.Tests.Support;

/// <summary>The built service in a process of its own, on the data of a folder.</summary>
internal static class JobServiceProcess
{
    /// <param name="data">Where the database lies. Start again on the same folder to see what a restart sees.</param>
    /// <param name="settings">Configuration keys with <c>:</c> and their values.</param>
    /// <param name="program">The JobService.dll to run. Default: the one that was built with whoever calls.</param>
    /// <param name="http2Port">A second port, for HTTP/2 without TLS.</param>
    /// <param name="until">It is awaited until this is 200.</param>
    public static Task<ServerProcess> StartAsync(DirectoryInfo data, IReadOnlyDictionary<string, string>? settings = null, string? program = null, int? http2Port = null, string until = "/readyz")
    {
        var port = FreePort.Next();
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["JobService__Storage__Path"] = Path.Combine(data.FullName, "jobs.db"),
            // Targets of tests and measurements listen on this machine.
            ["JobService__Upstream__AllowPrivateNetworks"] = "true",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;

        if (http2Port is not null)
        {
            environment.Remove("ASPNETCORE_URLS");
            environment["Kestrel__Endpoints__Http1__Url"] = $"http://127.0.0.1:{port}";
            environment["Kestrel__Endpoints__Http2__Url"] = $"http://127.0.0.1:{http2Port}";
            environment["Kestrel__Endpoints__Http2__Protocols"] = "Http2";
        }

        // The build puts the service next to whoever references it, with its own runtime settings.
        var service = program ?? Path.Combine(AppContext.BaseDirectory, "JobService.dll");
        return ServerProcess.StartAsync(["dotnet", service], data, port, until, environment, http2Port ?? 0);
    }
}
