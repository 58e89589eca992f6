namespace JobService.Tests.Support;

/// <summary>A real nginx <c>limit_req</c> as the rate-limited API: it answers 429 to what comes faster than it allows, and its own log is the evidence.</summary>
internal sealed class NginxLimiter : IAsyncDisposable
{
    private readonly DirectoryInfo folder;
    private readonly ServerProcess nginx;
    private readonly int ratePerSecond;

    private NginxLimiter(DirectoryInfo folder, ServerProcess nginx, int ratePerSecond)
    {
        this.folder = folder;
        this.nginx = nginx;
        this.ratePerSecond = ratePerSecond;
    }

    public string BaseAddress => $"http://{nginx.Address}";

    private string AccessLog => Path.Combine(folder.FullName, "access.log");

    /// <param name="ratePerSecond">Requests a second.</param>
    /// <param name="burst">Requests that may come early.</param>
    public static async Task<NginxLimiter> StartAsync(int ratePerSecond, int burst)
    {
        var own = Directory.CreateTempSubdirectory("jobservice-nginx-");
        var port = FreePort.Next();
        var configuration = Path.Combine(own.FullName, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(own.FullName, port, ratePerSecond, burst));
        var process = await ServerProcess.StartAsync([Program, "-p", own.FullName, "-c", configuration], own, port, "/__judge/ping");
        return new NginxLimiter(own, process, ratePerSecond);
    }

    /// <summary>Ends nginx, so that its log is whole, and reads it.</summary>
    public async Task<NginxReport> StopAndReportAsync()
    {
        await nginx.StopAsync();
        return NginxReport.Read(AccessLog, ratePerSecond);
    }

    public async ValueTask DisposeAsync()
    {
        await nginx.DisposeAsync();
        folder.Delete(recursive: true);
    }

    // Debian keeps it out of an ordinary user's path.
    private static string Program => File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";

    // One process in the foreground: nothing is left behind when it is killed. try_files runs after limit_req; a plain "return" would run before it.
    private static string Configuration(string folder, int port, int ratePerSecond, int burst) => $$"""
        daemon off; master_process off; pid {{folder}}/nginx.pid; error_log {{folder}}/error.log crit;
        events { worker_connections 4096; multi_accept on; }
        http {
          client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
          log_format judge escape=json '{"t":$msec,"status":$status,"job":"$http_x_job_id"}';
          access_log {{folder}}/access.log judge;
          keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on; default_type application/json;
          limit_req_zone "all" zone=judge:1m rate={{ratePerSecond}}r/s;
          limit_req_status 429;
          server {
            listen 127.0.0.1:{{port}};
            error_page 429 @limited;
            location = /__judge/ping { access_log off; return 200 '{"pong":true}'; }
            location / { limit_req zone=judge burst={{burst}} nodelay; try_files /__none__ @ok; }
            location @ok { return 200 '{"ok":true}'; }
            location @limited { add_header Retry-After 1 always; return 429 '{"error":"rate limited"}'; }
          }
        }
        """;
}
