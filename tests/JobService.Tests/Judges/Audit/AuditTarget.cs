using System.Text.Json;
using JobService.Auditor;
using JobService.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Judges.Audit;

/// <summary>The API that the service calls: it notes every call, takes its time, fails now and then, and asks for a pause now and then.</summary>
internal sealed class AuditTarget : IAsyncDisposable
{
    private readonly HistoryFile history;
    private readonly Random random;
    private readonly Lock gate = new();
    private readonly WebApplication server;
    private int lastCall;

    private AuditTarget(HistoryFile history, Random random)
    {
        (this.history, this.random) = (history, random);
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        server = builder.Build();
        server.Run(AnswerAsync);
    }

    public string Address { get; }

    public static async Task<AuditTarget> StartAsync(HistoryFile history, Random random)
    {
        var target = new AuditTarget(history, random);
        await target.server.StartAsync();
        return target;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var arrivedAt = history.Now;
        var call = Interlocked.Increment(ref lastCall);
        var headers = context.Request.Headers;
        history.Add(new Arrived(call, headers["X-Job-Id"].ToString(), int.Parse(headers["X-Job-Attempt"].ToString()), headers["Idempotency-Key"].ToString()) { At = arrivedAt });
        var (latency, status, retryAfter) = Choose(mayPause: context.Request.Path.StartsWithSegments("/paced", StringComparison.Ordinal));
        try
        {
            var payload = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
            await Task.Delay(latency, TimeProvider.System, context.RequestAborted);
            var body = $$"""{"call":{{call}},"number":{{payload.GetProperty("number")}}}""";
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            if (retryAfter > 0)
                context.Response.Headers.RetryAfter = retryAfter.ToString();
            history.Add(new Answered(call, status, body, retryAfter));
            await context.Response.WriteAsync(body, context.RequestAborted);
        }
        catch (Exception cut) when (cut is OperationCanceledException or IOException or BadHttpRequestException)
        {
            history.Add(new Broken(call));
        }
    }

    private (TimeSpan Latency, int Status, int RetryAfter) Choose(bool mayPause)
    {
        lock (gate)
        {
            var latency = TimeSpan.FromMilliseconds(random.Next(20) == 0 ? 400 : random.Next(1, 30));
            return random.Next(100) switch
            {
                0 when mayPause => (latency, 429, 1),
                < 3 => (latency, 500, 0),
                _ => (latency, 200, 0),
            };
        }
    }
}
