using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage;

/// <summary>The events of callbacks: written in the transaction in which their subject ends, read by who sends them.</summary>
/// <remarks>The same database as <see cref="IJobStore"/>, with the same promises. What is pending at a crash is pending after it.</remarks>
public interface IDeliveryStore
{
    /// <summary>Receivers (scheme, host and port) with pending deliveries, and when the first of each is due.</summary>
    Task<IReadOnlyList<ReceiverDue>> ReceiversAsync();

    /// <summary>The pending deliveries of a receiver, first due first, at most so many.</summary>
    Task<IReadOnlyList<PendingDelivery>> PendingAsync(string origin, int atMost);

    /// <summary>All that is needed to send a delivery; null when it is not pending any more.</summary>
    Task<DeliveryWork?> OpenAsync(JobId delivery);

    /// <summary>Writes how a try ended. A delivery that was asked for again meanwhile stays pending.</summary>
    Task FinishTryAsync(DeliveryTry ended);

    /// <summary>Sends a delivery again, at once and with the whole schedule before it, however it stands; lifts what disabled its address.</summary>
    /// <returns>The delivery as it is now; null when the subject has no such delivery.</returns>
    Task<Delivery?> RedeliverAsync(JobId subject, JobId delivery);

    /// <summary>The events of a job or a batch, newest first, at most so many.</summary>
    Task<IReadOnlyList<Delivery>> DeliveriesAsync(JobId subject, int atMost);
}

public readonly record struct ReceiverDue(string Origin, DateTimeOffset At);

/// <summary>A delivery in hand.</summary>
public sealed record DeliveryWork
{
    public required PendingDelivery Pending { get; init; }

    public required string Type { get; init; }

    public required Callback Callback { get; init; }

    /// <summary>Tries that failed since it became pending.</summary>
    public required int Failures { get; init; }

    /// <summary>The bytes of the first try; null before it.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The job as it was when it ended, whatever has become of it since; null when <see cref="Body"/> says it, or when it is about a batch.</summary>
    public Job? Job { get; init; }

    /// <summary>The batch as it was when it was over, likewise.</summary>
    public Batch? Batch { get; init; }
}
