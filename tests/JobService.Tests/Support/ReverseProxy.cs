using System.Net;

namespace JobService.Tests.Support;

/// <summary>A real nginx or HAProxy in front of a service.</summary>
internal sealed class ReverseProxy : IAsyncDisposable
{
    private readonly DirectoryInfo folder;
    private readonly ServerProcess process;

    private ReverseProxy(DirectoryInfo folder, ServerProcess process) => (this.folder, this.process) = (folder, process);

    public IPEndPoint Address => process.Address;

    /// <param name="program"><c>nginx</c> or <c>haproxy</c>.</param>
    /// <param name="configuration">As an operator writes it, for port 80 and a service on 127.0.0.1:8080.</param>
    /// <param name="service">Where the service is.</param>
    /// <param name="pathBase">The path under which it is to be reached; empty for the root.</param>
    public static async Task<ReverseProxy> StartAsync(string program, string configuration, Uri service, string pathBase)
    {
        var own = Directory.CreateTempSubdirectory("jobservice-proxy-");
        var port = FreePort.Next();
        var file = Path.Combine(own.FullName, program + ".conf");
        var text = configuration.Replace("127.0.0.1:8080", service.Authority, StringComparison.Ordinal)
            .Replace("listen 80;", $"listen 127.0.0.1:{port};", StringComparison.Ordinal)
            .Replace("bind :80", $"bind 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("location / {", $"location {pathBase}/ {{", StringComparison.Ordinal);
        if (pathBase.Length > 0)
            text = text.Replace("default_backend jobservice", $"use_backend jobservice if {{ path_beg {pathBase}/ }}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, program == "nginx" ? InNginx(own.FullName, text) : text);

        // Debian keeps both out of an ordinary user's path.
        var path = $"/usr/sbin/{program}" is var known && File.Exists(known) ? known : program;
        string[] command = program == "nginx" ? [path, "-p", own.FullName, "-c", file] : [path, "-db", "-f", file];
        return new ReverseProxy(own, await ServerProcess.StartAsync(command, own, port, pathBase + "/readyz"));
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    // What Debian's nginx.conf has around the files of conf.d; one process in the foreground: nothing is left behind when it is killed.
    private static string InNginx(string folder, string text) => $$"""
        daemon off; master_process off; pid {{folder}}/nginx.pid; error_log {{folder}}/error.log crit;
        events { worker_connections 1024; }
        http {
          access_log off;
          client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi; uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
        {{text}}
        }
        """;
}
