using System.Globalization;

namespace JobService.Tests.Support;

/// <summary>A real nginx <c>limit_req</c> as the rate-limited API: it answers 429 to what comes faster than it allows, and its own log is the evidence.</summary>
internal sealed class NginxLimiter : IAsyncDisposable
{
    private readonly DirectoryInfo folder;
    private readonly ServerProcess nginx;
    private readonly NginxRate rate;

    private NginxLimiter(DirectoryInfo folder, ServerProcess nginx, NginxRate rate)
    {
        this.folder = folder;
        this.nginx = nginx;
        this.rate = rate;
    }

    public string BaseAddress => $"http://{nginx.Address}";

    private string AccessLog => Path.Combine(folder.FullName, "access.log");

    /// <param name="rate">What it allows.</param>
    /// <param name="backend">The address that answers what is let through; null: nginx does, at once.</param>
    public static async Task<NginxLimiter> StartAsync(NginxRate rate, string? backend = null)
    {
        var own = Directory.CreateTempSubdirectory("jobservice-nginx-");
        var port = FreePort.Next();
        var configuration = Path.Combine(own.FullName, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(own.FullName, port, rate, backend));
        var process = await ServerProcess.StartAsync([Program, "-p", own.FullName, "-c", configuration], own, port, "/__judge/ping");
        return new NginxLimiter(own, process, rate);
    }

    /// <summary>Ends nginx, so that its log is whole, and reads it.</summary>
    public async Task<NginxReport> StopAndReportAsync()
    {
        await nginx.StopAsync();
        return NginxReport.Read(AccessLog, rate.PerSecond);
    }

    public async ValueTask DisposeAsync()
    {
        await nginx.DisposeAsync();
        folder.Delete(recursive: true);
    }

    // Debian keeps it out of an ordinary user's path.
    private static string Program => File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";

    // One process in the foreground: nothing is left behind when it is killed. try_files runs after limit_req; a plain "return" would run before it.
    private static string Configuration(string folder, int port, NginxRate rate, string? backend) => $$"""
        daemon off; master_process off; pid {{folder}}/nginx.pid; error_log {{folder}}/error.log crit;
        events { worker_connections 4096; multi_accept on; }
        http {
          client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
          log_format judge escape=json '{"t":$msec,"status":$status,"job":"$http_x_job_id","key":"$http_x_key"}';
          access_log {{folder}}/access.log judge;
          keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on; default_type application/json;
          limit_req_zone {{(rate.PerKey ? "$http_x_key" : "\"all\"")}} zone=judge:16m rate={{rate.Text}};
          limit_req_status 429;
          upstream backend { server {{(backend is null ? "127.0.0.1:1" : new Uri(backend).Authority)}}; keepalive 64; }
          server {
            listen 127.0.0.1:{{port}};
            error_page 429 @limited;
            location = /__judge/ping { access_log off; return 200 '{"pong":true}'; }
            location / { limit_req zone=judge{{(rate.Burst > 0 ? $" burst={rate.Burst} nodelay" : "")}}; try_files /__none__ @ok; }
            location @ok { {{(backend is null ? """return 200 '{"ok":true}';""" : """proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";""")}} }
            location @limited { add_header Retry-After 1 always; return 429 '{"error":"rate limited"}'; }
          }
        }
        """;
}

/// <summary>What nginx allows.</summary>
/// <param name="Requests">Requests in a period.</param>
/// <param name="Burst">Requests that may come early.</param>
/// <param name="PerMinute">The period is a minute, not a second.</param>
/// <param name="PerKey">For each value of the header <c>X-Key</c>, not for all requests together.</param>
internal sealed record NginxRate(int Requests, int Burst, bool PerMinute = false, bool PerKey = false)
{
    public int PeriodSeconds => PerMinute ? 60 : 1;

    public double PerSecond => (double)Requests / PeriodSeconds;

    /// <summary>As <c>limit_req_zone</c> wants it.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Requests}r/{(PerMinute ? 'm' : 's')}");
}
