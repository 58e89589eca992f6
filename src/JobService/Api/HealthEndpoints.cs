using JobService.Api.Documentation;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Health checks for whatever monitors the process.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("").WithTags("Health");

        health.MapGet("/livez", Live).WithName("isAlive")
            .WithSummary("Is the process alive?")
            .Returns<HealthView>(StatusCodes.Status200OK, "It is.")
            .Refuses();

        health.MapGet("/readyz", Ready).WithName("isReady")
            .WithSummary("Does the service accept jobs?")
            .Returns<HealthView>(StatusCodes.Status200OK, "It does.")
            .Refuses(ProblemType.Draining, ProblemType.StorageUnavailable);
    }

    private static JsonResponse<HealthView> Live() => new(StatusCodes.Status200OK, new HealthView("ok"));

    // 200 · 503 draining, or the storage cannot be written
    private static IResult Ready(IJobStore store, JobWaits waits)
    {
        if (waits.IsDraining)
            return Problems.Draining();
        return store.Trouble is { } trouble ? Problems.StorageUnavailable(trouble) : new JsonResponse<HealthView>(StatusCodes.Status200OK, new HealthView("ok") { Clock = ClockView.Of(store.Clock) });
    }
}

/// <summary>The health of the service.</summary>
/// <param name="Status">Always <c>ok</c>: anything else is a problem document.</param>
public sealed record HealthView(string Status)
{
    /// <summary>The service's own time compared with the machine's clock. In <c>/readyz</c> only.</summary>
    public ClockView? Clock { get; init; }
}

/// <summary>The service's own time never goes back; limits, delays and retries use it. <c>notBefore</c> and <c>startBefore</c> use the machine's clock.</summary>
/// <param name="DifferenceSeconds">The machine's clock minus the service's own time, in seconds: below zero, times are shown ahead by that much. It is reduced at a rate of 0.05 %.</param>
/// <param name="StepSeconds">By how much the machine's clock was last stepped since the start, in seconds (above zero: forward, or the machine was suspended); left out when it has not been stepped by more than 5 s.</param>
/// <param name="SteppedAt">When the step was noticed, by the machine's clock.</param>
public sealed record ClockView(double DifferenceSeconds, double? StepSeconds, DateTimeOffset? SteppedAt)
{
    internal static ClockView Of(ClockStatus clock) =>
        new((long)clock.Difference.TotalMilliseconds / 1_000.0, clock.LatestStep is { } step ? Math.Round(step.By.TotalSeconds, 3) : null, clock.LatestStep?.NoticedAt);
}
