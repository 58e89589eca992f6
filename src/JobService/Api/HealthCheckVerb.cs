namespace JobService.Api;

/// <summary><c>JobService healthcheck</c>: asks the service of the same container whether it is alive. A slim image has no shell and no curl for that.</summary>
public static class HealthCheckVerb
{
    public const string Name = "healthcheck";

    private const int DefaultPort = 8080;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <param name="args">The verb, and the port when the environment does not tell it.</param>
    /// <returns>The exit code: 0 alive, 1 not.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{PortOf(args)}/livez"));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    // An address may be http://+:8080, which is no URI: only the port behind the last colon counts.
    private static int PortOf(string[] args)
    {
        var address = args is [_, var given]
            ? given
            : Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? Environment.GetEnvironmentVariable("ASPNETCORE_HTTP_PORTS");
        var first = address?.Split(';')[0].TrimEnd('/');
        return int.TryParse(first?[(first.LastIndexOf(':') + 1)..], out var port) ? port : DefaultPort;
    }
}
