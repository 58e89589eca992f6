namespace JobService.Jobs;

/// <summary>A submitted job: validated, with an id, not yet durable.</summary>
public sealed record NewJob
{
    private const int OwnBytes = 512;

    /// <summary>Overhead of a name with a value, besides their characters.</summary>
    private const int EntryBytes = 128;

    /// <summary>A character takes two bytes, both in the string and in the stored JSON.</summary>
    private const int TextBytes = 4;

    private static readonly IReadOnlyDictionary<string, string> Nothing = System.Collections.Frozen.FrozenDictionary<string, string>.Empty;
    private static readonly IReadOnlyDictionary<string, QueryValue> NoQuery = System.Collections.Frozen.FrozenDictionary<string, QueryValue>.Empty;

    public required JobId Id { get; init; }

    public required string Queue { get; init; }

    public string Key { get; init; } = "";

    public int Weight { get; init; } = 1;

    /// <summary>What it takes of limits that count something else, by name. Null: its <see cref="Weight"/>.</summary>
    public IReadOnlyDictionary<string, int>? Weights { get; init; }

    public int Priority { get; init; }

    /// <summary>The name of a lock: at most one job in the whole service holds it, from its start to the end of its processing. Null: none.</summary>
    public string? Lock { get; init; }

    /// <summary>The job waits until the signal of this name is set. Null: it does not.</summary>
    public string? Signal { get; init; }

    /// <summary>JSON in UTF-8, unchanged. Null when only a request was given.</summary>
    public ReadOnlyMemory<byte>? Payload { get; init; }

    public ApiRequest? Request { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    /// <summary><see cref="NotBefore"/> was computed from a delay: it is in store time, while times given by users refer to the machine's clock.</summary>
    public bool IsDelay { get; init; }

    public DateTimeOffset? StartBefore { get; init; }

    /// <summary>Null: the queue's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Null: the queue's.</summary>
    public int? MaxAttempts { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public IdempotencyKey? Idempotency { get; init; }

    /// <summary>Its place in a batch. Null: it belongs to none.</summary>
    public BatchPlace? Batch { get; init; }

    /// <summary>Who is notified when it is over; null: nobody.</summary>
    public Callback? Callback { get; init; }

    /// <summary>Approximate bytes that it takes in memory until it is stored: its parsed form, and the JSON of its columns.</summary>
    public long MemoryBytes
    {
        get
        {
            var bytes = OwnBytes + (Payload?.Length ?? 0L) + (Request?.Body?.Length ?? 0L) + (Request?.Path?.Length ?? 0L) * TextBytes;
            foreach (var (name, value) in Tags ?? Nothing)
                bytes += EntryBytes + TextBytes * (name.Length + value.Length);
            foreach (var (name, value) in Request?.Headers ?? Nothing)
                bytes += EntryBytes + TextBytes * (name.Length + value.Length);
            foreach (var (name, value) in Request?.Query ?? NoQuery)
                bytes += EntryBytes + TextBytes * name.Length + value.Values.Sum(text => EntryBytes + (long)TextBytes * text.Length);
            return bytes + EntryBytes * (Weights?.Count ?? 0);
        }
    }
}

/// <summary>Makes a submission safe to repeat: the same key with the same body returns the same job, as long as the job is kept.</summary>
/// <param name="Key">1 to 255 characters, valid in the whole service.</param>
/// <param name="Fingerprint">SHA-256 of the raw body.</param>
public sealed record IdempotencyKey(string Key, ReadOnlyMemory<byte> Fingerprint);
