using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>One call as an HTTP message, or why it cannot be built.</summary>
internal sealed class CallMessage(HttpTarget target, IConfiguration configuration)
{
    /// <summary>The configuration section of secrets.</summary>
    public const string Secrets = "JobService:Secrets:";

    private static readonly FrozenSet<string> ContentHeaders = new[]
    {
        "Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Range",
        "Content-Type", "Expires", "Last-Modified",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public (HttpRequestMessage? Message, CallResult.Failed? Fault) Build(ApiCall call)
    {
        var address = CallAddress.Of(target.BaseAddress, call.Request?.Path, call.Request?.Query);
        if (address is null)
            return (null, Unsendable("The path leads out of the queue's base address."));

        var name = call.Request?.Method ?? "POST";
        if (!HeaderRules.IsToken(name) || name.ToUpperInvariant() is "CONNECT" or "TRACE")
            return (null, Unsendable("The method is not a token, or it is CONNECT or TRACE."));

        var method = HttpMethod.Parse(name);
        var message = new HttpRequestMessage(method, address) { Content = ContentOf(call, method) };
        var fault = AddHeaders(message, call);
        if (fault is null)
            return (message, null);

        message.Dispose();
        return (null, fault);
    }

    // Always with content, even if empty: HttpClient resends a message without content, up to four times, when a connection breaks before the response.
    private static ByteArrayContent ContentOf(ApiCall call, HttpMethod method)
    {
        var body = BodyOf(call, method);
        var content = MemoryMarshal.TryGetArray(body, out var bytes) && bytes.Array is { } array
            ? new ByteArrayContent(array, bytes.Offset, bytes.Count)
            : new ByteArrayContent(body.ToArray());
        if (!body.IsEmpty)
            content.Headers.TryAddWithoutValidation("Content-Type", call.Request?.BodyType ?? "application/json");
        return content;
    }

    private static ReadOnlyMemory<byte> BodyOf(ApiCall call, HttpMethod method)
    {
        if (call.Request?.Body is { } body)
            return body;
        var hasNone = method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Delete;
        return hasNone ? ReadOnlyMemory<byte>.Empty : call.Payload;
    }

    private CallResult.Failed? AddHeaders(HttpRequestMessage message, ApiCall call)
    {
        foreach (var (name, value) in target.Headers)
        {
            if (AddHeader(message, name, value) is { } fault)
                return fault;
        }

        foreach (var (name, value) in call.Request?.Headers ?? new Dictionary<string, string>())
        {
            if (AddHeader(message, name, new HeaderValue.Text(value)) is { } fault)
                return fault;
        }

        var id = call.Job.ToString();
        Set(message, "X-Job-Id", id);
        Set(message, "X-Job-Attempt", call.Attempt.ToString());
        Set(message, "Idempotency-Key", $"\"{id}\"");
        return null;
    }

    private CallResult.Failed? AddHeader(HttpRequestMessage message, string name, HeaderValue value)
    {
        if (HeaderRules.NameFault(name) is { } nameFault)
            return Unsendable(nameFault);

        var (text, secret) = value.Match(static text => (text, default(string)), static name => (default(string), name));
        if (text is not null)
        {
            if (HeaderRules.Fault(name, text) is { } valueFault)
                return Unsendable($"{name}: {valueFault}");
            Set(message, name, text);
            return null;
        }

        if (configuration[Secrets + secret] is not { Length: > 0 } resolved)
            return Missing($"The header {name} needs {Secrets}{secret}, which is not configured.");
        if (HeaderRules.ValueFault(resolved) is { } secretFault)
            return Missing($"The header {name} cannot carry {Secrets}{secret}. {secretFault}");
        Set(message, name, resolved);
        return null;
    }

    private static void Set(HttpRequestMessage message, string name, string value)
    {
        HttpHeaders headers = ContentHeaders.Contains(name) ? message.Content!.Headers : message.Headers;
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }

    private static CallResult.Failed Missing(string detail) => new(ErrorTypes.MissingSecret, detail, MayRetry: false);

    private static CallResult.Failed Unsendable(string detail) => new(ErrorTypes.Transport, detail, MayRetry: false);
}
