using System.Text;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Upstream;

/// <summary>What the tests of targets have in common: a call, and an API to make it to.</summary>
internal static class Calls
{
    public static readonly JobId Job = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static ApiCall Of(ApiRequest? request = null, string payload = """{"n":1}""", TimeSpan? timeout = null) =>
        new(Job, Attempt: 1, Encoding.UTF8.GetBytes(payload), request, timeout ?? TimeSpan.FromSeconds(30));

    public static Task<CallResult> CallAsync(this IApiTarget api, ApiCall? call = null) =>
        api.CallAsync(call ?? Of(), static () => true, Cancel).WaitAsync(Patience.Hang, Cancel);

    public static async Task<CallResult.Responded> RespondedAsync(this IApiTarget api, ApiCall? call = null) =>
        Assert.IsType<CallResult.Responded>(await api.CallAsync(call));

    public static async Task<CallResult.Failed> BrokenAsync(this IApiTarget api, ApiCall? call = null) =>
        Assert.IsType<CallResult.Failed>(await api.CallAsync(call));

    public static string Text(this CallResult.Responded response) => Encoding.UTF8.GetString(response.Body.Span);

    public static HttpApi Http(
        string address, Dictionary<string, HeaderValue>? headers = null, UpstreamOptions? options = null,
        Dictionary<string, string?>? configuration = null, TimeProvider? time = null, Dialer? dialer = null) =>
        new(
            "test",
            new HttpTarget { BaseAddress = address, Headers = headers ?? [] },
            options ?? new UpstreamOptions { AllowPrivateNetworks = true },
            new ConfigurationBuilder().AddInMemoryCollection(configuration).Build(),
            time ?? TimeProvider.System,
            NullLogger.Instance,
            dialer);
}
