using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The rows that a turn has fetched, including its own changes: two commands for the same job see each other's changes.</summary>
/// <remarks>Only rows that were fetched can be looked up: a row that no command has named is unknown, which is not the same as missing.</remarks>
internal sealed class Fetched
{
    private readonly Dictionary<string, (ReadOnlyMemory<byte> Fingerprint, JobId Subject)?> keys = [];
    private readonly Dictionary<long, JobRow?> jobs = [];
    private readonly Dictionary<long, DeliveryRow?> deliveries = [];
    private readonly Dictionary<long, BatchRow?> batches = [];
    private readonly Dictionary<string, RetiredQueue?> retired = [];
    private readonly Dictionary<LockQuery, JobRow?> waiting = [];

    /// <summary>Queued jobs whose deadline has passed, including those requeued by this turn.</summary>
    public List<long> Late { get; } = [];

    /// <summary>Queued jobs that have become due.</summary>
    public List<long> Due { get; } = [];

    /// <summary>The next due times after those; null when they were not fetched.</summary>
    public (long OfStore, long OnWall)? NextDue { get; set; }

    /// <inheritdoc cref="NextDue"/>
    public long? NextDeadline { get; set; }

    public List<ReleasedJobs> Released { get; } = [];

    public List<StoppingJobs> Stopping { get; } = [];

    /// <summary>Jobs that may start, in the order of their lanes: a list for each of <see cref="Wanted.Lanes"/>, as they were before the turn.</summary>
    public IReadOnlyList<List<QueuedRow>> Lanes { get; set; } = [];

    /// <summary>The result of the pruning step; null when none was fetched.</summary>
    public PruneFound? Prune { get; set; }

    public IEnumerable<DeliveryRow> Deliveries => deliveries.Values.OfType<DeliveryRow>();

    public (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? Key(string key) => keys.TryGetValue(key, out var found) ? found : throw NotNamed("idempotency key", key);

    public JobRow? Job(long stamp) => jobs.TryGetValue(stamp, out var row) ? row : throw NotNamed("job", stamp);

    public DeliveryRow? Delivery(long stamp) => deliveries.TryGetValue(stamp, out var row) ? row : throw NotNamed("delivery", stamp);

    /// <summary>As it was before the turn; the changes of the turn are in <see cref="TurnBatches"/>.</summary>
    public BatchRow? Batch(long stamp) => batches.TryGetValue(stamp, out var row) ? row : throw NotNamed("batch", stamp);

    public RetiredQueue? Retired(string name) => retired.TryGetValue(name, out var row) ? row : throw NotNamed("queue", name);

    public RetiredQueue? Retired(long id) => retired.Values.FirstOrDefault(queue => queue?.Id == id);

    /// <summary>A job; null when it was not fetched, or does not exist.</summary>
    public JobRow? JobIfNamed(long stamp) => jobs.GetValueOrDefault(stamp);

    public bool HasBatch(long stamp) => batches.ContainsKey(stamp);

    public bool HasJob(long stamp) => jobs.ContainsKey(stamp);

    /// <summary>The batches of the fetched jobs.</summary>
    public IReadOnlyCollection<long> BatchesOfJobs => [.. jobs.Values.Select(job => job?.Batch?.Stamp).OfType<long>().Distinct()];

    public void PutKey(string key, (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? found) => keys[key] = found;

    public void PutJob(long stamp, JobRow? row) => jobs[stamp] = row;

    public void PutDelivery(long stamp, DeliveryRow? row) => deliveries[stamp] = row;

    public void PutBatch(long stamp, BatchRow? row) => batches[stamp] = row;

    public void PutRetired(string name, RetiredQueue? queue) => retired[name] = queue;

    /// <summary>Applies the change to the job's row, if that was fetched.</summary>
    public void Apply(JobChange change)
    {
        if (jobs.Count > 0 && jobs.TryGetValue(change.Stamp, out var row))
            jobs[change.Stamp] = change.Of(row);
    }

    /// <inheritdoc cref="Apply(JobChange)"/>
    public void Apply(long delivery, Func<DeliveryRow, DeliveryRow> change)
    {
        if (deliveries.TryGetValue(delivery, out var row) && row is not null)
            deliveries[delivery] = change(row);
    }

    public void ForgetDeliveriesOf(long subject)
    {
        foreach (var delivery in Deliveries.Where(delivery => delivery.Subject == subject).ToList())
            deliveries[delivery.Id.Stamp] = null;
    }

    /// <summary>Stores the first job of a wait queue, as it was before the turn.</summary>
    public void PutWaiting(LockQuery query, JobRow? first)
    {
        waiting[query] = first;
        if (first is not null)
            jobs[first.Id.Stamp] = first;
    }

    /// <returns>False when it was not fetched, or has left since: then the first job is unknown.</returns>
    public bool TryGetWaiting(LockQuery query, out QueuedRow? first)
    {
        first = null;
        if (!waiting.TryGetValue(query, out var row))
            return false;
        if (row is null)
            return true;
        first = jobs[row.Id.Stamp] is { State: JobState.Queued, Parked: Parked.InLockQueue } still ? still.Job : null;
        return first is not null;
    }

    private static InvalidOperationException NotNamed<T>(string what, T which) => new($"A rule has asked for {what} {which}, which nobody had named before the turn.");
}

/// <summary>The rest of a deleted queue.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Jobs">Its finished jobs by <see cref="JobState"/>.</param>
internal sealed record RetiredQueue(long Id, long[] Jobs);

/// <summary>Jobs that waited for a signal when it was set.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="SetCount">How often it had been set.</param>
/// <param name="Jobs">Row numbers, oldest first.</param>
/// <param name="IsAll">There are no more.</param>
internal sealed record ReleasedJobs(string Signal, long SetCount, IReadOnlyList<long> Jobs, bool IsAll);

/// <summary>Jobs of a batch that is being stopped, in order.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="From">Their lowest index.</param>
/// <param name="Total">How many jobs the batch had.</param>
/// <param name="Jobs">Their indexes and row numbers.</param>
/// <param name="IsAll">There are no more.</param>
internal sealed record StoppingJobs(long Batch, long From, long Total, IReadOnlyList<(long Index, long Job)> Jobs, bool IsAll);

/// <summary>The result of one pruning step.</summary>
/// <param name="Jobs">Jobs to delete.</param>
/// <param name="JobsEnd">Where the walk through the jobs continues; 0 at its end.</param>
/// <param name="Batches">Batches without jobs and pending deliveries.</param>
/// <param name="States">Limit states, each with the last time that it affects.</param>
/// <param name="Starts">Starts in windows.</param>
internal sealed record PruneFound(
    IReadOnlyList<OldJob> Jobs, long JobsEnd, IReadOnlyList<(long Stamp, string? Idempotency)> Batches,
    List<(string Limit, string Key, long Until)> States, List<(string Limit, string Key, long At)> Starts);

/// <summary>A finished job that is older than the retention and has no pending delivery.</summary>
internal readonly record struct OldJob(long Stamp, long QueueId, JobState State, bool HasCallback, long? Batch);
