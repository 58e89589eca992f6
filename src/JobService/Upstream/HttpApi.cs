using System.Security.Cryptography.X509Certificates;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>A real API over HTTP. One call is one request on the wire: no redirect, no retry, no cookie.</summary>
public sealed class HttpApi : IApiTarget
{
    private readonly HttpMessageInvoker http;
    private readonly Connections connections;
    private readonly CallMessage messages;
    private readonly CallPipeline pipeline;
    private readonly int maxResponseBytes;
    private readonly TimeProvider time;
    private readonly ServerClock server;
    private volatile bool certificateWanted;

    public HttpApi(string queue, HttpTarget target, UpstreamOptions options, IConfiguration configuration, TimeProvider time, ILogger log, Dialer? dialer = null)
    {
        messages = new CallMessage(target, configuration);
        pipeline = new CallPipeline(queue, time, log);
        maxResponseBytes = options.MaxResponseBytes;
        this.time = time;
        server = new ServerClock(time);
        dialer ??= new Dialer(options, time);
        var address = Uri.TryCreate(target.BaseAddress, UriKind.Absolute, out var given) ? given : null;
        connections = new Connections(() => dialer.ConnectAheadAsync(address!), address?.Scheme == Uri.UriSchemeHttps);
        var handler = OutgoingHandler.Create(dialer, options);
        // Connections are kept open: opening one takes the few milliseconds that a slot has.
        handler.PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(15);
        // A response that is not read to its end closes its connection.
        handler.MaxResponseDrainSize = 0;
        // All connections are for this one target, including those through a proxy.
        handler.ConnectCallback = async (_, cancel) => connections.TakeAhead() ?? connections.Add(await dialer.ConnectAsync(address!, cancel));
        handler.PlaintextStreamFilter = (connection, _) =>
        {
            connections.Ready();
            return ValueTask.FromResult(connection.PlaintextStream);
        };
        handler.SslOptions.LocalCertificateSelectionCallback = SelectCertificate;
        http = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public async Task<CallResult> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon)
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

    private async ValueTask<CallResult> SendAsync((HttpRequestMessage Message, ApiCall Call, Func<bool> MayStart) step, CancellationToken cancel)
    {
        Connections.Place? place = null;
        try
        {
            place = await connections.EnterAsync(step.Call.Paced, cancel);
            if (!step.MayStart())
                return new CallResult.NotStarted();

            using var response = await http.SendAsync(step.Message, cancel);
            // The times in the headers count from now on, however long the body takes.
            var (hint, since) = (RateHeaders.Read(response.Headers, server), time.GetTimestamp());
            var (body, fault) = await ResponseBody.ReadAsync(response, maxResponseBytes, step.Call.Memory, cancel);
            if (fault is not null && (response.IsSuccessStatusCode || fault.Type == ErrorTypes.Transport))
                return fault;
            return step.Call.Judged(new CallResult.Responded((int)response.StatusCode, ResponseHeaders.ContentTypeOf(response.Content), body, hint.After(time.GetElapsedTime(since)))
            {
                Headers = ResponseHeaders.Kept(response, step.Call.KeepHeaders),
                Note = fault?.Detail ?? RedirectNote(response, step.Message.RequestUri!), // the status is valid whether or not the body can be read
            });
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            return FailedBy(error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // A socket that is closed during a read fails in various ways.
            throw new OperationCanceledException(error.Message, error, cancel);
        }
        finally
        {
            place?.Leave();
        }
    }

    /// <summary>Never selects a client certificate, but notes that the server asked for one. Called first without the server's certificate, and again when the server requests one.</summary>
    private X509Certificate SelectCertificate(object sender, string host, X509CertificateCollection own, X509Certificate? server, string[] issuers)
    {
        certificateWanted |= server is not null;
        return null!;
    }

    private CallResult.Failed FailedBy(Exception error) => AddressGuard.BlockedBy(error) is { } blocked
        ? new CallResult.Failed(ErrorTypes.Blocked, blocked.Message, MayRetry: false) { WasSent = false }
        : new CallResult.Failed(ErrorTypes.Transport, TransportFault.Detail(error, certificateWanted), MayRetry: true) { WasSent = !TransportFault.IsBeforeTheSend(error) };

    private static string? RedirectNote(HttpResponseMessage response, Uri asked) => ResponseHeaders.LocationOf(response, asked) is { } location
        ? $"The API points to {location}. Redirects are not followed: use that address if it is the right one."
        : null;
}
