using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>What callbacks were sent, and sending them again.</summary>
internal static class DeliveryEndpoints
{
    /// <summary>Events of one job: one for each of its ends, so this many retries by request.</summary>
    private const int MaxShown = 100;

    public static void MapDeliveries(this IEndpointRouteBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs/{id}/deliveries").WithTags("Callbacks");

        jobs.MapGet("", ListAsync).WithName("listJobDeliveries")
            .WithSummary("List the deliveries of a job's callback")
            .WithDescription("Newest first: one for each end of the job, with every try. Empty for a job that has no callback, or is not over yet.")
            .Answers<DeliveryList>(StatusCodes.Status200OK, "What was and will be sent.")
            .Refuses(404);

        jobs.MapPost("/{delivery}/redeliver", RedeliverAsync).WithName("redeliverOfJob")
            .WithSummary("Send a delivery again")
            .WithDescription("At once, with the same `webhook-id` and body, however the delivery stands; if that fails, by the whole schedule. An address that was disabled by a 410 is used again. No body is needed.")
            .Answers<DeliveryView>(StatusCodes.Status202Accepted, "The delivery is pending.")
            .Refuses(404, 503);
    }

    // 200 · 404
    private static async Task<IResult> ListAsync(string id, IJobStore store, IDeliveryStore deliveries)
    {
        if (!JobId.TryParse(id, out var job) || await store.FindAsync(job, maxInlineBytes: 0) is null)
            return Problems.NoJob(id);
        var found = await deliveries.DeliveriesAsync(job, MaxShown);
        return new JsonAnswer<DeliveryList>(StatusCodes.Status200OK, new DeliveryList([.. found.Select(DeliveryView.Of)]));
    }

    // 202 · 404 no such job, or no such delivery of it
    private static async Task<IResult> RedeliverAsync(string id, string delivery, IJobStore store, IDeliveryStore deliveries)
    {
        if (!JobId.TryParse(id, out var job) || await store.FindAsync(job, maxInlineBytes: 0) is null)
            return Problems.NoJob(id);
        return JobId.TryParse(delivery, out var sent) && await deliveries.RedeliverAsync(job, sent) is { } pending
            ? new JsonAnswer<DeliveryView>(StatusCodes.Status202Accepted, DeliveryView.Of(pending))
            : Problems.NoDelivery(delivery);
    }
}
