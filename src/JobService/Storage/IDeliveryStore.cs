using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage;

/// <summary>The events of callbacks: written in the transaction in which their subject ends, read by the sender.</summary>
/// <remarks>The same database as <see cref="IJobStore"/>, with the same promises. What is pending at a crash is pending after it.</remarks>
public interface IDeliveryStore
{
    /// <summary>Receivers (scheme, host and port) with pending deliveries, and when the first of each is due.</summary>
    Task<IReadOnlyList<ReceiverDue>> ReceiversAsync();

    /// <summary>The pending deliveries of a receiver, in order of due time, at most that many.</summary>
    Task<IReadOnlyList<PendingDelivery>> PendingAsync(string origin, int atMost);

    /// <summary>Everything needed to send a delivery; null when it is no longer pending.</summary>
    Task<DeliveryWork?> OpenAsync(JobId delivery);

    /// <summary>Stores how a try ended. A delivery that was requested again meanwhile stays pending.</summary>
    Task FinishTryAsync(DeliveryTry ended);

    /// <summary>Sends a delivery again, at once and with a new retry schedule, whatever its state; enables its address again.</summary>
    /// <returns>The delivery as it is now; null when the subject has no such delivery.</returns>
    Task<Delivery?> RedeliverAsync(JobId subject, JobId delivery);

    /// <summary>The events of a job or a batch, newest first, at most that many.</summary>
    Task<IReadOnlyList<Delivery>> DeliveriesAsync(JobId subject, int atMost);
}

public readonly record struct ReceiverDue(string Origin, DateTimeOffset At);

/// <summary>A delivery to be sent.</summary>
public sealed record DeliveryWork
{
    public required PendingDelivery Pending { get; init; }

    public required string Type { get; init; }

    public required Callback Callback { get; init; }

    /// <summary>Tries that failed since it became pending.</summary>
    public required int Failures { get; init; }

    /// <summary>The bytes of the first try; null before it.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The job as it was when it ended, whatever has happened to it since; null when <see cref="Body"/> is set, or when it is about a batch.</summary>
    public Job? Job { get; init; }

    /// <summary>The batch as it was when it was over, likewise.</summary>
    public Batch? Batch { get; init; }
}
