using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The rows that a turn has fetched, as they are after its own changes: two commands about the same job see each other's.</summary>
/// <remarks>Only what was fetched can be looked for: what nobody has named is not known, and is no row that is not there.</remarks>
internal sealed class Fetched
{
    private readonly Dictionary<string, (ReadOnlyMemory<byte> Fingerprint, JobId Subject)?> keys = [];
    private readonly Dictionary<long, JobRow?> jobs = [];
    private readonly Dictionary<long, DeliveryRow?> deliveries = [];
    private readonly Dictionary<long, BatchRow?> batches = [];
    private readonly Dictionary<string, RetiredQueue?> retired = [];
    private readonly Dictionary<LockQuery, JobRow?> waiting = [];

    /// <summary>Queued jobs whose deadline has passed, those that came back with such a one included.</summary>
    public List<long> Late { get; } = [];

    /// <summary>Queued jobs whose moment has come.</summary>
    public List<long> Due { get; } = [];

    /// <summary>The next moments behind those; null when they were not asked for.</summary>
    public (long OfStore, long OnWall)? NextDue { get; set; }

    /// <inheritdoc cref="NextDue"/>
    public long? NextDeadline { get; set; }

    public List<ReleasedJobs> Released { get; } = [];

    public List<StoppingJobs> Stopping { get; } = [];

    /// <summary>What the walks have found; null when it was not asked for.</summary>
    public PruneFound? Prune { get; set; }

    public IEnumerable<DeliveryRow> Deliveries => deliveries.Values.OfType<DeliveryRow>();

    public (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? Key(string key) => keys.TryGetValue(key, out var found) ? found : throw NotNamed("idempotency key", key);

    public JobRow? Job(long stamp) => jobs.TryGetValue(stamp, out var row) ? row : throw NotNamed("job", stamp);

    public DeliveryRow? Delivery(long stamp) => deliveries.TryGetValue(stamp, out var row) ? row : throw NotNamed("delivery", stamp);

    /// <summary>As it was before the turn: what the turn makes of it stands in <see cref="TurnBatches"/>.</summary>
    public BatchRow? Batch(long stamp) => batches.TryGetValue(stamp, out var row) ? row : throw NotNamed("batch", stamp);

    public RetiredQueue? Retired(string name) => retired.TryGetValue(name, out var row) ? row : throw NotNamed("queue", name);

    public RetiredQueue? Retired(long id) => retired.Values.FirstOrDefault(queue => queue?.Id == id);

    /// <summary>A job that may have been named: null when it was not, or is not there.</summary>
    public JobRow? JobIfNamed(long stamp) => jobs.GetValueOrDefault(stamp);

    public bool HasBatch(long stamp) => batches.ContainsKey(stamp);

    public bool HasJob(long stamp) => jobs.ContainsKey(stamp);

    /// <summary>Batches of the jobs that are known.</summary>
    public IReadOnlyCollection<long> BatchesOfJobs => [.. jobs.Values.Select(job => job?.Batch).OfType<long>().Distinct()];

    public void PutKey(string key, (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? found) => keys[key] = found;

    public void PutJob(long stamp, JobRow? row) => jobs[stamp] = row;

    public void PutDelivery(long stamp, DeliveryRow? row) => deliveries[stamp] = row;

    public void PutBatch(long stamp, BatchRow? row) => batches[stamp] = row;

    public void PutRetired(string name, RetiredQueue? queue) => retired[name] = queue;

    /// <summary>The change of a job whose row is known, or was found missing.</summary>
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

    /// <summary>The first job of a wait queue, as it was before the turn.</summary>
    public void PutWaiting(LockQuery query, JobRow? first)
    {
        waiting[query] = first;
        if (first is not null)
            jobs[first.Id.Stamp] = first;
    }

    /// <returns>False when it was not asked for, or has left since: which one is the first is not known.</returns>
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

/// <summary>What a deleted queue has left behind.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Jobs">Its finished jobs by <see cref="JobState"/>.</param>
internal sealed record RetiredQueue(long Id, long[] Jobs);

/// <summary>Jobs that waited for a signal when it was set.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="SetCount">How often it had been set.</param>
/// <param name="Jobs">Row numbers, those that came first before others.</param>
/// <param name="IsAll">There are no more.</param>
internal sealed record ReleasedJobs(string Signal, long SetCount, IReadOnlyList<long> Jobs, bool IsAll);

/// <summary>Jobs of a batch that is being stopped, or is to be, in their order.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="From">Those from this place on.</param>
/// <param name="Total">Jobs that the batch had.</param>
/// <param name="Jobs">Their places and row numbers.</param>
/// <param name="IsAll">There are no more.</param>
internal sealed record StoppingJobs(long Batch, long From, long Total, IReadOnlyList<(long Index, long Job)> Jobs, bool IsAll);

/// <summary>What one step of the walks has found.</summary>
/// <param name="Jobs">Jobs that nobody needs any more.</param>
/// <param name="JobsEnd">Where the walk through the jobs has come to; 0 at its end.</param>
/// <param name="Batches">Batches of which nothing but their own row is left.</param>
/// <param name="States">States of limits, and the last moment that each says something about.</param>
/// <param name="Starts">Starts in windows.</param>
internal sealed record PruneFound(
    IReadOnlyList<OldJob> Jobs, long JobsEnd, IReadOnlyList<(long Stamp, string? Idempotency)> Batches,
    List<(string Limit, string Key, long Until)> States, List<(string Limit, string Key, long At)> Starts);

/// <summary>A job whose end is history, also to those who were to be told of it.</summary>
internal readonly record struct OldJob(long Stamp, long QueueId, JobState State, bool HasCallback, long? Batch);
