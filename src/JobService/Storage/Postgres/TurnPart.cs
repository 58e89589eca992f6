using Npgsql;
using NpgsqlTypes;

namespace JobService.Storage.Postgres;

/// <summary>The arguments of <c>turn_part</c>, in their order: lists that are filled anew for each turn.</summary>
internal sealed class TurnPart
{
    private readonly List<NpgsqlParameter> parameters = [];
    private readonly List<Action> clears = [];
    private readonly List<long> tagStamps;
    private readonly List<string> tags;
    private readonly List<string> keys;
    private readonly List<byte[]> fingerprints;
    private readonly List<long> keyStamps;

    public TurnPart()
    {
        Ends = new EndedJobs(this);
        Results = new StoredResults(this);
        Additions = new AddedJobs(this);
        (tagStamps, tags) = (Column<long>(NpgsqlDbType.Bigint), Column<string>(NpgsqlDbType.Text));
        (keys, fingerprints, keyStamps) = (Column<string>(NpgsqlDbType.Text), Column<byte[]>(NpgsqlDbType.Bytea), Column<long>(NpgsqlDbType.Bigint));
        Claims = new ClaimedJobs(this);
        Others = new OtherChanges(this);
    }

    public EndedJobs Ends { get; }

    public StoredResults Results { get; }

    public AddedJobs Additions { get; }

    public ClaimedJobs Claims { get; }

    public OtherChanges Others { get; }

    public IReadOnlyList<NpgsqlParameter> Parameters => parameters;

    public void AddTag(long stamp, string tag)
    {
        tagStamps.Add(stamp);
        tags.Add(tag);
    }

    public void AddKey(string key, byte[] fingerprint, long stamp)
    {
        keys.Add(key);
        fingerprints.Add(fingerprint);
        keyStamps.Add(stamp);
    }

    public void Clear() => clears.ForEach(clear => clear());

    public List<T> Column<T>(NpgsqlDbType type)
    {
        var column = new List<T>();
        parameters.Add(new NpgsqlParameter<List<T>> { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = column });
        clears.Add(column.Clear);
        return column;
    }
}

internal sealed class EndedJobs(TurnPart part)
{
    public List<long> Stamp { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    /// <summary>0: it did not run.</summary>
    public List<long> Lease { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<int> State { get; } = part.Column<int>(NpgsqlDbType.Integer);

    public List<long?> StartedAt { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long> EndedAt { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    /// <summary>Failures to be added.</summary>
    public List<int> Failures { get; } = part.Column<int>(NpgsqlDbType.Integer);

    /// <summary>Attempts to be taken back.</summary>
    public List<int> Attempts { get; } = part.Column<int>(NpgsqlDbType.Integer);

    public List<int?> Reason { get; } = part.Column<int?>(NpgsqlDbType.Integer);

    /// <summary>Its number among the ends of its batch.</summary>
    public List<long?> Completion { get; } = part.Column<long?>(NpgsqlDbType.Bigint);
}

internal sealed class StoredResults(TurnPart part)
{
    public List<long> Stamp { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<int> Status { get; } = part.Column<int>(NpgsqlDbType.Integer);

    public List<string?> ContentType { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Headers { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<byte[]?> Body { get; } = part.Column<byte[]?>(NpgsqlDbType.Bytea);
}

internal sealed class AddedJobs(TurnPart part)
{
    public List<long> Stamp { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long> Salt { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long> Queue { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long> CreatedAt { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long?> DueAt { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long?> StartBefore { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long?> Parked { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long?> Timeout { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long?> Batch { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<long?> NotBefore { get; } = part.Column<long?>(NpgsqlDbType.Bigint);

    public List<int> Rank { get; } = part.Column<int>(NpgsqlDbType.Integer);

    public List<int> Weight { get; } = part.Column<int>(NpgsqlDbType.Integer);

    public List<int?> MaxAttempts { get; } = part.Column<int?>(NpgsqlDbType.Integer);

    public List<int?> BatchIndex { get; } = part.Column<int?>(NpgsqlDbType.Integer);

    public List<bool> OnWall { get; } = part.Column<bool>(NpgsqlDbType.Boolean);

    public List<bool> HasCallback { get; } = part.Column<bool>(NpgsqlDbType.Boolean);

    public List<string> Key { get; } = part.Column<string>(NpgsqlDbType.Text);

    public List<string?> Lock { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Signal { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Weights { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Request { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Tags { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<string?> Idempotency { get; } = part.Column<string?>(NpgsqlDbType.Text);

    public List<byte[]?> Payload { get; } = part.Column<byte[]?>(NpgsqlDbType.Bytea);

    public List<byte[]?> RequestBody { get; } = part.Column<byte[]?>(NpgsqlDbType.Bytea);
}

internal sealed class ClaimedJobs(TurnPart part)
{
    public List<long> Stamp { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long> Lease { get; } = part.Column<long>(NpgsqlDbType.Bigint);

    public List<long> StartedAt { get; } = part.Column<long>(NpgsqlDbType.Bigint);
}

/// <summary>Changes of other kinds, one by one: a number for the kind, and values whose meaning it defines.</summary>
internal sealed class OtherChanges(TurnPart part)
{
    private readonly List<int> kinds = part.Column<int>(NpgsqlDbType.Integer);
    private readonly List<int> least = part.Column<int>(NpgsqlDbType.Integer);
    private readonly List<long?>[] values = [.. Enumerable.Range(0, 10).Select(_ => part.Column<long?>(NpgsqlDbType.Bigint))];
    private readonly List<string?>[] texts = [.. Enumerable.Range(0, 3).Select(_ => part.Column<string?>(NpgsqlDbType.Text))];
    private readonly List<byte[]?> bytes = part.Column<byte[]?>(NpgsqlDbType.Bytea);
    private readonly List<double?> numbers = part.Column<double?>(NpgsqlDbType.Double);

    public OtherChanges Begin(int kind, int leastRows)
    {
        kinds.Add(kind);
        least.Add(leastRows);
        foreach (var column in values)
            column.Add(null);
        foreach (var column in texts)
            column.Add(null);
        bytes.Add(null);
        numbers.Add(null);
        return this;
    }

    public OtherChanges Of(params ReadOnlySpan<long?> given)
    {
        for (var i = 0; i < given.Length; i++)
            values[i][^1] = given[i];
        return this;
    }

    public OtherChanges Texts(params ReadOnlySpan<string?> given)
    {
        for (var i = 0; i < given.Length; i++)
            texts[i][^1] = given[i];
        return this;
    }

    public OtherChanges Bytes(byte[]? given)
    {
        bytes[^1] = given;
        return this;
    }

    public OtherChanges Number(double? given)
    {
        numbers[^1] = given;
        return this;
    }

    /// <summary>The rows that a writer of changes reports: here the procedure checks them.</summary>
    public static implicit operator int(OtherChanges changes) => changes.least[^1];
}
