// The four limiters of ASP.NET Core, and those of RedisRateLimiting with the responses that it comes with: Limiters.AspNet KIND.
using System.Globalization;
using System.Threading.RateLimiting;
using RedisRateLimiting;
using RedisRateLimiting.AspNetCore;
using StackExchange.Redis;

var second = TimeSpan.FromSeconds(1);
// Connected before the first call: a factory that connects then blocks the threads that it needs itself.
var redis = Environment.GetEnvironmentVariable("REDIS") is { } socket ? await ConnectionMultiplexer.ConnectAsync($"!{socket}") : null;
Func<string, RateLimitPartition<string>> limiter = args[0] switch
{
    "fixed-window" => key => RateLimitPartition.GetFixedWindowLimiter(key, _ => new() { PermitLimit = 10, Window = second }),
    "sliding-window" => key => RateLimitPartition.GetSlidingWindowLimiter(key, _ => new() { PermitLimit = 10, Window = second, SegmentsPerWindow = 4 }),
    "token-bucket" => key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new() { TokenLimit = 10, TokensPerPeriod = 10, ReplenishmentPeriod = second }),
    "concurrency" => key => RateLimitPartition.GetConcurrencyLimiter(key, _ => new() { PermitLimit = 4 }),
    "redis-fixed-window" => key => RedisRateLimitPartition.GetFixedWindowRateLimiter(key, _ => new() { ConnectionMultiplexerFactory = () => redis!, PermitLimit = 10, Window = second }),
    "redis-sliding-window" => key => RedisRateLimitPartition.GetSlidingWindowRateLimiter(key, _ => new() { ConnectionMultiplexerFactory = () => redis!, PermitLimit = 10, Window = second }),
    "redis-token-bucket" => key => RedisRateLimitPartition.GetTokenBucketRateLimiter(
        key, _ => new() { ConnectionMultiplexerFactory = () => redis!, TokenLimit = 10, TokensPerPeriod = 10, ReplenishmentPeriod = second }),
    var other => throw new ArgumentException($"There is no limiter '{other}'.", nameof(args)),
};

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(int.Parse(Environment.GetEnvironmentVariable("PORT")!, CultureInfo.InvariantCulture)));
builder.Services.AddRateLimiter(options =>
{
    options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(_ => limiter("all"));
    if (args[0].StartsWith("redis-", StringComparison.Ordinal))
        options.OnRejected = (context, stop) => RateLimitMetadata.OnRejected(context.HttpContext, context.Lease, stop);
});

var app = builder.Build();
await using var file = new StreamWriter(Environment.GetEnvironmentVariable("ACCESS_LOG")!, append: true) { AutoFlush = true };
var log = TextWriter.Synchronized(file);
app.Use(async (context, next) =>
{
    if (context.Request.Path == "/__ready")
        return;
    var came = TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch;
    await next();
    var job = context.Request.Headers["X-Job-Id"].ToString();
    await log.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{came.TotalMilliseconds:0.000} {context.Response.StatusCode} {(job.Length > 0 ? job : "-")}"));
});
app.UseRateLimiter();
// The concurrency limiter's "10 a second" are calls of 0.4 s, four at once.
app.MapGet("/", async () =>
{
    if (args[0] == "concurrency")
        await Task.Delay(TimeSpan.FromSeconds(0.4), TimeProvider.System);
    return new { ok = true };
});
await app.RunAsync();
