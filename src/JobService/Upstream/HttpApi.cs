using System.Net;
using System.Net.Sockets;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>A real API over HTTP. One call is one request on the wire: no redirect, no retry, no proxy, no cookie.</summary>
public sealed class HttpApi : IApiTarget
{
    private readonly HttpMessageInvoker http;
    private readonly Connections connections;
    private readonly CallMessage messages;
    private readonly CallPipeline pipeline;
    private readonly int maxAnswerBytes;
    private readonly TimeProvider time;
    private readonly ServerClock server;

    public HttpApi(string queue, HttpTarget target, UpstreamOptions options, IConfiguration configuration, TimeProvider time, ILogger log)
    {
        messages = new CallMessage(target, configuration);
        pipeline = new CallPipeline(queue, time, log);
        maxAnswerBytes = options.MaxAnswerBytes;
        this.time = time;
        server = new ServerClock(time);
        var address = Uri.TryCreate(target.BaseAddress, UriKind.Absolute, out var given) ? given : null;
        connections = new Connections(() => ConnectAsync(new DnsEndPoint(address!.IdnHost, address.Port), options), address?.Scheme == Uri.UriSchemeHttps);
        http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
                // Kept warm: a new connection costs the call the milliseconds that its slot has.
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(15),
                // An answer that is not read to its end takes its connection with it.
                MaxResponseDrainSize = 0,
                ConnectCallback = async (connection, cancel) =>
                    connections.TakeAhead() ?? connections.Add(await AddressGuard.ConnectAsync(connection.DnsEndPoint, options.AllowPrivateNetworks, cancel)),
                PlaintextStreamFilter = (connection, _) =>
                {
                    connections.Ready();
                    return ValueTask.FromResult(connection.PlaintextStream);
                },
            },
            disposeHandler: true);
    }

    public async Task<ApiAnswer> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon)
    {
        abandon.ThrowIfCancellationRequested();
        var (message, fault) = messages.Build(call);
        if (message is null)
            return fault!;

        using (message)
            return await pipeline.RunAsync(SendAsync, (message, call, mayStart), call.Timeout, abandon);
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        connections.CloseAhead();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ApiAnswer> SendAsync((HttpRequestMessage Message, ApiCall Call, Func<bool> MayStart) step, CancellationToken cancel)
    {
        Connections.Place? place = null;
        try
        {
            place = await connections.EnterAsync(step.Call.Paced, cancel);
            if (!step.MayStart())
                return new ApiAnswer.NotStarted();

            using var response = await http.SendAsync(step.Message, cancel);
            // What the headers say counts from now on, however long the body takes.
            var (hint, since) = (RateHeaders.Read(response.Headers, server), time.GetTimestamp());
            var (body, fault) = await ResponseBody.ReadAsync(response, maxAnswerBytes, cancel);
            if (fault is not null && (response.IsSuccessStatusCode || fault.Type == ErrorTypes.Transport))
                return fault;
            return step.Call.Judged(new ApiAnswer.Answered((int)response.StatusCode, ResponseHeaders.ContentTypeOf(response.Content), body, hint.After(time.GetElapsedTime(since)))
            {
                Headers = ResponseHeaders.Kept(response, step.Call.KeepHeaders),
                Note = fault?.Detail ?? RedirectNote(response, step.Message.RequestUri!), // what the status says holds, whether or not the body can be read
            });
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            return BrokenBy(error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // A socket that is torn down under a read says so in many ways.
            throw new OperationCanceledException(error.Message, error, cancel);
        }
        finally
        {
            place?.Leave();
        }
    }

    /// <summary>Bounded as the handler bounds its own connecting.</summary>
    private async ValueTask<Socket> ConnectAsync(DnsEndPoint name, UpstreamOptions options)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(options.ConnectTimeoutSeconds), time);
        return await AddressGuard.ConnectAsync(name, options.AllowPrivateNetworks, bound.Token);
    }

    private static ApiAnswer.Broken BrokenBy(Exception error) => AddressGuard.BlockedBy(error) is { } blocked
        ? new ApiAnswer.Broken(ErrorTypes.Blocked, blocked.Message, MayRetry: false)
        : new ApiAnswer.Broken(ErrorTypes.Transport, error.Message, MayRetry: true);

    private static string? RedirectNote(HttpResponseMessage response, Uri asked) => ResponseHeaders.LocationOf(response, asked) is { } location
        ? $"The API points to {location}. Redirects are not followed: call that address, if it is the right one."
        : null;
}
