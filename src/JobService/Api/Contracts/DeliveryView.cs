using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>One event that a receiver is notified of.</summary>
public sealed record DeliveryView
{
    /// <summary>The header <c>webhook-id</c>: the same for every try.</summary>
    public required Guid Id { get; init; }

    /// <summary><c>job.succeeded</c>, <c>job.failed</c>, <c>job.cancelled</c> or <c>batch.finished</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Where it is sent.</summary>
    public required string Url { get; init; }

    /// <summary><c>pending</c>: it will be sent, for the first time or again. <c>delivered</c>: the receiver accepted it. <c>failed</c>: it was tried for more than a day.
    /// <c>disabled</c>: the receiver responded with 410, and nothing is sent there until a delivery is requested again.</summary>
    public required DeliveryState State { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is sent next; only while it is pending.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The tries so far, oldest first.</summary>
    public required IReadOnlyList<DeliveryAttemptView> Attempts { get; init; }

    internal static DeliveryView Of(Delivery delivery) => new()
    {
        Id = delivery.Id.Value,
        Type = delivery.Type,
        Url = delivery.Url,
        State = delivery.State,
        CreatedAt = delivery.CreatedAt,
        NextAttemptAt = delivery.NextAttemptAt,
        Attempts = [.. delivery.Attempts.Select(a => new DeliveryAttemptView(a.Number, a.At, a.Status, a.Duration.TotalSeconds, a.Error))],
    };
}

/// <summary>One try.</summary>
/// <param name="Number">From 1.</param>
/// <param name="At">When it began.</param>
/// <param name="Status">HTTP status of the response, if there was one.</param>
/// <param name="DurationSeconds">Seconds until the response or the failure.</param>
/// <param name="Error">Why it failed.</param>
public sealed record DeliveryAttemptView(int Number, DateTimeOffset At, int? Status, double DurationSeconds, string? Error);

/// <summary>Deliveries, sent and pending, newest first.</summary>
/// <param name="Items">At most a hundred events.</param>
public sealed record DeliveryList(IReadOnlyList<DeliveryView> Items);
