using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Lists the deliveries of callbacks, and sends them again.</summary>
internal static class DeliveryEndpoints
{
    /// <summary>Maximum deliveries of one job or batch in a list: one for each time it ended, so this many retries by request.</summary>
    private const int MaxShown = 100;

    public static void MapDeliveries(this IEndpointRouteBuilder v1)
    {
        v1.MapDeliveries(new Subject("/jobs", "Job", "a job", async (id, store) => await store.FindAsync(id, maxInlineBytes: 0) is not null, Problems.NoJob));
        v1.MapDeliveries(new Subject("/batches", "Batch", "a batch", async (id, store) => await store.FindBatchAsync(id) is not null, Problems.NoBatch));
    }

    private static void MapDeliveries(this IEndpointRouteBuilder v1, Subject subject)
    {
        var deliveries = v1.MapGroup(subject.Path + "/{id}/deliveries").WithTags("Callbacks");

        // 200 · 404
        deliveries.MapGet("", (string id, IJobStore store, IDeliveryStore log) => ListAsync(subject, id, store, log)).WithName($"list{subject.Name}Deliveries")
            .WithSummary($"List the deliveries of the callback of {subject.Words}")
            .WithDescription("Newest first: one for each time that it ended, with every try. Empty when it has no callback or has not ended yet.")
            .Returns<DeliveryList>(StatusCodes.Status200OK, "The deliveries, sent and pending.")
            .Refuses(ProblemType.NotFound);

        // 202 · 404 no such job or batch, or no such delivery of it
        deliveries.MapPost("/{delivery}/redeliver", (string id, string delivery, IJobStore store, IDeliveryStore log) => RedeliverAsync(subject, id, delivery, store, log))
            .WithName($"redeliverOf{subject.Name}")
            .WithSummary($"Send a delivery of {subject.Words} again")
            .WithDescription("Sends it at once, with the same `webhook-id` and body, whatever its state; if that fails, the whole retry schedule starts again. "
                + "An address that was disabled by a 410 is used again. No body is needed.")
            .Returns<DeliveryView>(StatusCodes.Status202Accepted, "The delivery is pending.")
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);
    }

    private static async Task<IResult> ListAsync(Subject subject, string id, IJobStore store, IDeliveryStore deliveries)
    {
        if (!JobId.TryParse(id, out var over) || !await subject.ExistsAsync(over, store))
            return subject.Missing(id);
        var found = await deliveries.DeliveriesAsync(over, MaxShown);
        return new JsonResponse<DeliveryList>(StatusCodes.Status200OK, new DeliveryList([.. found.Select(DeliveryView.Of)]));
    }

    private static async Task<IResult> RedeliverAsync(Subject subject, string id, string delivery, IJobStore store, IDeliveryStore deliveries)
    {
        if (!JobId.TryParse(id, out var over) || !await subject.ExistsAsync(over, store))
            return subject.Missing(id);
        return JobId.TryParse(delivery, out var sent) && await deliveries.RedeliverAsync(over, sent) is { } pending
            ? new JsonResponse<DeliveryView>(StatusCodes.Status202Accepted, DeliveryView.Of(pending))
            : Problems.NoDelivery(delivery);
    }

    /// <summary>What a callback is about.</summary>
    private sealed record Subject(string Path, string Name, string Words, Func<JobId, IJobStore, Task<bool>> ExistsAsync, Func<string, ProblemResponse> Missing);
}
