using JobService.Jobs;

namespace JobService.Ledger;

public readonly record struct PendingDelivery(JobId Id, DateTimeOffset At);

/// <summary>How a try ended.</summary>
/// <param name="Pending">The delivery as it was read.</param>
/// <param name="At">When the try began.</param>
/// <param name="Duration">Until the response or the failure.</param>
/// <param name="Status">The receiver's status, if it responded.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Body">The bytes that were sent; null when none were.</param>
/// <param name="State">The new state of the delivery.</param>
/// <param name="NextAt">When it is sent again, if it is pending.</param>
public sealed record DeliveryTry(
    PendingDelivery Pending, DateTimeOffset At, TimeSpan Duration, int? Status, string? Error, ReadOnlyMemory<byte>? Body, DeliveryState State, DateTimeOffset? NextAt);
