using JobService.Storage;

namespace JobService.Api;

/// <summary>For those who watch the process.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/livez", Live).ExcludeFromDescription();
        app.MapGet("/readyz", Ready).ExcludeFromDescription();
    }

    private static JsonAnswer<HealthView> Live() => new(StatusCodes.Status200OK, new HealthView("ok"));

    // 200 · 503 draining, or the storage cannot be written
    private static IResult Ready(IJobStore store, JobWaits waits)
    {
        if (waits.IsDraining)
            return Problems.Draining();
        return store.Trouble is { } trouble ? Problems.StorageUnavailable(trouble) : new JsonAnswer<HealthView>(StatusCodes.Status200OK, new HealthView("ok"));
    }
}

internal sealed record HealthView(string Status);
