using JobService.Api.Documentation;
using JobService.Storage;

namespace JobService.Api;

/// <summary>For those who watch the process.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("").WithTags("Health");

        health.MapGet("/livez", Live).WithName("isAlive")
            .WithSummary("Is the process alive?")
            .Answers<HealthView>(StatusCodes.Status200OK, "It is.")
            .Refuses();

        health.MapGet("/readyz", Ready).WithName("isReady")
            .WithSummary("Does the service take jobs?")
            .Answers<HealthView>(StatusCodes.Status200OK, "It does.")
            .Refuses(ProblemType.Draining, ProblemType.StorageUnavailable);
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

/// <summary>How the service feels.</summary>
/// <param name="Status">Always <c>ok</c>: anything else is a problem document.</param>
public sealed record HealthView(string Status);
