using JobService.Jobs;
using JobService.Ledger;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>The writer's connection. A turn is one fetch, if it needs rows, and one statement, which checks the term, writes all changes, and commits by itself.</summary>
/// <param name="connection">An open connection, which it disposes.</param>
/// <param name="term">The term under which it writes.</param>
internal sealed class PostgresRows(NpgsqlConnection connection, Term term) : ILedgerRows
{
    private readonly long epoch = term.Epoch;
    private readonly PostgresTurn turn = new();
    private readonly LoadedRows loaded = new(connection);

    public IJobRows Jobs => loaded;

    public IParkedRows Parked => loaded;

    public IDefinitionRows Definitions => loaded;

    public IBatchRows Batches => loaded;

    public IDeliveryRows Deliveries => loaded;

    public void Begin()
    {
        if (!term.IsHeld || term.Epoch != epoch)
            throw new StorageUnavailableException("This node has lost the term, and takes it again if no other node has it.");
    }

    /// <summary>Nothing is left to do: <see cref="Write"/> has committed what there was.</summary>
    public void Commit()
    {
    }

    public Fetched Fetch(Wanted wanted) => new FetchedRows(connection).Fetch(wanted);

    public Written Write(IReadOnlyList<Change> changes)
    {
        turn.Set(changes);
        return new Written(turn.Parts is [var whole] ? Call(whole) : CallParts(turn.Parts));
    }

    public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps)
    {
        using var select = new NpgsqlCommand($"""
            SELECT stamp, COALESCE(length(payload), 0) + COALESCE(octet_length(request), 0) + COALESCE(length(request_body), 0),
                   CASE WHEN COALESCE(length(payload), 0) + COALESCE(octet_length(request), 0) + COALESCE(length(request_body), 0) <= {ClaimedJob.MaxReadBytes} THEN payload END,
                   request, request_body
            FROM   bodies WHERE stamp = ANY ($1)
            """, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. stamps] } },
        };
        var inputs = new Dictionary<long, ClaimedInput>(stamps.Count);
        using var row = select.ExecuteReader();
        while (row.Read())
            inputs.Add(row.GetInt64(0), InputOf(row));
        return [.. stamps.Select(stamp => inputs.TryGetValue(stamp, out var input) ? input : ClaimedInput.Unread)];
    }

    public void Dispose() => connection.Dispose();

    private static ClaimedInput InputOf(NpgsqlDataReader row)
    {
        var bytes = row.GetInt32(1);
        return bytes > ClaimedJob.MaxReadBytes
            ? new ClaimedInput(default, Request: null, bytes)
            : new ClaimedInput(row.IsDBNull(2) ? [] : (byte[])row[2], StoredRequest.Of(row.TextOrNull(3), row.BytesOrNull(4)), UnreadBytes: 0);
    }

    private string[] Call(TurnPart whole)
    {
        using var call = new NpgsqlCommand(Statement("CALL turn", whole.Parameters.Count + 1, ", NULL"), connection);
        Bind(call.Parameters, whole);
        var due = (string[])call.ExecuteScalar()!;
        call.Parameters.Clear();
        return due;
    }

    /// <summary>A batch is one transaction, too, and one round trip.</summary>
    private string[] CallParts(IReadOnlyList<TurnPart> parts)
    {
        using var calls = new NpgsqlBatch(connection);
        foreach (var part in parts)
        {
            var call = new NpgsqlBatchCommand(Statement("SELECT turn_part", part.Parameters.Count + 1, ""));
            Bind(call.Parameters, part);
            calls.BatchCommands.Add(call);
        }

        var due = new List<string>();
        using var results = calls.ExecuteReader();
        do
        {
            while (results.Read())
                due.AddRange(results.GetFieldValue<string[]>(0));
        }
        while (results.NextResult());
        return [.. due];
    }

    private void Bind(NpgsqlParameterCollection parameters, TurnPart part)
    {
        parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch });
        foreach (var parameter in part.Parameters)
            parameters.Add(parameter);
    }

    private static string Statement(string what, int arguments, string rest) => $"{what}({string.Join(", ", Enumerable.Range(1, arguments).Select(number => $"${number}"))}{rest})";
}
