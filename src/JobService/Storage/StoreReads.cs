using System.Buffers;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage;

/// <summary>The reads of a database, which see the last commit without waiting for the next.</summary>
/// <param name="Jobs">Single jobs and lists of them.</param>
/// <param name="Bodies">Inputs and results.</param>
/// <param name="Batches">Batches and their results.</param>
/// <param name="Deliveries">Callbacks.</param>
/// <param name="Connections">Closed with the store.</param>
internal sealed record StoreReads(IJobReads Jobs, IBodyReads Bodies, IBatchReads Batches, IDeliveryReads Deliveries, IDisposable Connections);

/// <summary>Reads of single jobs and lists of them.</summary>
internal interface IJobReads
{
    Task<(JobRead Job, List<AttemptRead> Attempts)?> FindAsync(JobId job, int maxInlineBytes);

    /// <summary>Jobs that match, newest first.</summary>
    Task<List<JobRead>> ListAsync(JobFilter filter, int limit, long before, CancellationToken hangUp);

    /// <summary>Ids that match and are in one of these states, newest first.</summary>
    Task<List<JobId>> IdsAsync(JobFilter filter, IReadOnlyList<JobState> states, int limit, long before);

    Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag);

    Task<SignalStatus> SignalAsync(string name);
}

/// <summary>Reads of large values.</summary>
internal interface IBodyReads
{
    /// <summary>Passes the whole body of a result, which is valid only during the call.</summary>
    Task<T?> LookAsync<T>(JobId job, Func<ReadOnlySpan<byte>, T> look, CancellationToken hangUp);

    Task<JobInput> InputAsync(JobId job);

    /// <returns>False when it is gone: nothing was copied.</returns>
    Task<bool> CopyAsync(JobId job, int offset, int count, IBufferWriter<byte> target, CancellationToken hangUp);
}

/// <summary>Reads of batches and their results.</summary>
internal interface IBatchReads
{
    Task<Batch?> FindAsync(JobId id, DateTimeOffset now);

    Task<BatchResults?> ResultsAsync(BatchResultsQuery query);
}

/// <summary>Reads of callbacks and their deliveries.</summary>
internal interface IDeliveryReads
{
    Task<List<ReceiverDue>> ReceiversAsync();

    Task<List<PendingDelivery>> PendingAsync(string origin, int atMost);

    /// <summary>A pending delivery; null when it is no longer pending.</summary>
    Task<DeliveryRead?> FindPendingAsync(JobId delivery);

    /// <summary>Pending deliveries to the same address as this one.</summary>
    Task<List<long>> PendingBesideAsync(JobId delivery);

    /// <param name="subject">The job or the batch.</param>
    /// <param name="atMost">Maximum number, newest first.</param>
    /// <param name="only">Only this one.</param>
    Task<List<Delivery>> DeliveriesAsync(JobId subject, int atMost, JobId? only = null);
}
