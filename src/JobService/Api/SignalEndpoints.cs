using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Named events that jobs wait for.</summary>
internal static class SignalEndpoints
{
    public static void MapSignals(this IEndpointRouteBuilder v1)
    {
        var signals = v1.MapGroup("/signals").WithTags("Signals");

        signals.MapGet("/{name}", GetAsync).WithName("getSignal")
            .WithSummary("Read a signal")
            .WithDescription("A signal that was never set reads as not set.")
            .Returns<SignalView>(StatusCodes.Status200OK, "The signal.")
            .Refuses();

        signals.MapPut("/{name}", SetAsync).WithName("setSignal")
            .WithSummary("Set a signal")
            .WithDescription("Releases all jobs that wait for it now, and those that arrive until it is cleared. Setting it again changes nothing. No body is needed.")
            .Returns<SignalView>(StatusCodes.Status200OK, "The signal is set.")
            .Refuses(ProblemType.StorageUnavailable);

        signals.MapDelete("/{name}", ClearAsync).WithName("clearSignal")
            .WithSummary("Clear a signal")
            .WithDescription("Jobs that arrive from now on wait. Jobs that were released when it was set are not affected.")
            .ReturnsEmpty(StatusCodes.Status204NoContent, "The signal is not set (any more).")
            .Refuses(ProblemType.StorageUnavailable);
    }

    // 200 also for a name that was never used · 400
    private static async Task<IResult> GetAsync(string name, IJobStore store) => Names.IsName(name) ? await ResponseAsync(name, store) : BadName();

    // 200 · 400
    private static async Task<IResult> SetAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (!Names.IsName(name))
            return BadName();
        if (await store.SetSignalAsync(name))
            changes.Note(http, "Signal", name, "set");
        return await ResponseAsync(name, store);
    }

    // 204 also when it was not set · 400
    private static async Task<IResult> ClearAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (!Names.IsName(name))
            return BadName();
        if (await store.ClearSignalAsync(name))
            changes.Note(http, "Signal", name, "cleared");
        return Results.NoContent();
    }

    private static async Task<JsonResponse<SignalView>> ResponseAsync(string name, IJobStore store) =>
        new(StatusCodes.Status200OK, SignalView.Of(name, await store.FindSignalAsync(name)));

    private static ProblemResponse BadName() => Problems.Invalid($"A signal's name: {Names.Wanted}.");
}
