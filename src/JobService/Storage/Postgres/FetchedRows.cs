using JobService.Jobs;
using JobService.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace JobService.Storage.Postgres;

/// <summary>Fetches the rows that a turn needs: one round trip; one more when batches have to be stopped, or when jobs belong to batches that nobody has named.</summary>
internal sealed class FetchedRows(NpgsqlConnection connection)
{
    private readonly Fetched fetched = new();
    private readonly List<Action<NpgsqlDataReader>> readers = [];
    private readonly List<NpgsqlBatchCommand> commands = [];

    public Fetched Fetch(Wanted wanted)
    {
        AskKeys(wanted);
        AskDeliveries(wanted);
        AskRetired(wanted);
        AskJobs([.. wanted.Jobs]);
        if (wanted.LateBy is { } lateBy)
            AskLate(lateBy);
        if (wanted.DueBy is var (now, wall))
            AskDue(now, wall);
        AskReleased(wanted);
        AskLocks(wanted);
        AskLanes(wanted);
        AskBatches([.. wanted.Batches, .. wanted.Stopping]);
        if (wanted.Prune is { } query)
            AskPrune(query);
        Run();

        if (wanted.Stopping.Count > 0)
            FetchStopping(wanted);
        AskBatches([.. fetched.BatchesOfJobs.Where(stamp => !fetched.HasBatch(stamp))]);
        Run();
        return fetched;
    }

    private static NpgsqlParameter<T[]> Array<T>(IEnumerable<T> values, NpgsqlDbType type) => new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | type };

    private static NpgsqlParameter<long[]> Stamps(IEnumerable<long> values) => Array(values, NpgsqlDbType.Bigint);

    private static NpgsqlParameter<long> Value(long value) => new() { TypedValue = value };

    private void Run()
    {
        if (readers.Count == 0)
            return;
        using var batch = new NpgsqlBatch(connection);
        commands.ForEach(batch.BatchCommands.Add);
        using var row = batch.ExecuteReader();
        foreach (var read in readers)
        {
            read(row);
            row.NextResult();
        }

        commands.Clear();
        readers.Clear();
    }

    /// <param name="sql">One statement.</param>
    /// <param name="read">Reads all of its rows.</param>
    /// <param name="parameters">In order.</param>
    private void Ask(string sql, Action<NpgsqlDataReader> read, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        commands.Add(command);
        readers.Add(read);
    }

    private void AskEach(string sql, Action<NpgsqlDataReader> read, params ReadOnlySpan<NpgsqlParameter> parameters) => Ask(
        sql,
        row =>
        {
            while (row.Read())
                read(row);
        },
        parameters);

    private void AskKeys(Wanted wanted)
    {
        if (wanted.Keys.Count == 0)
            return;
        foreach (var key in wanted.Keys)
            fetched.PutKey(key, null);
        AskEach(
            """
            SELECT i.key, i.fingerprint, i.stamp, COALESCE(a.salt, e.salt, b.salt)
            FROM   idempotency i LEFT JOIN active_jobs a USING (stamp) LEFT JOIN ended_jobs e USING (stamp) LEFT JOIN batches b USING (stamp)
            WHERE  i.key = ANY ($1)
            """,
            row => fetched.PutKey(row.GetString(0), (row.GetFieldValue<byte[]>(1), JobId.FromParts(row.GetInt64(2), row.GetInt64(3)))),
            Array(wanted.Keys, NpgsqlDbType.Text));
    }

    private void AskDeliveries(Wanted wanted)
    {
        if (wanted.Deliveries.Count == 0)
            return;
        foreach (var stamp in wanted.Deliveries)
            fetched.PutDelivery(stamp, null);
        AskEach(
            "SELECT stamp, salt, subject, origin, state, next_at FROM deliveries WHERE stamp = ANY ($1)",
            row => fetched.PutDelivery(row.GetInt64(0), new DeliveryRow(
                JobId.FromParts(row.GetInt64(0), row.GetInt64(1)), row.GetInt64(2), row.GetString(3), (DeliveryState)row.GetInt32(4), row.Int64OrNull(5))),
            Stamps(wanted.Deliveries));
    }

    private void AskRetired(Wanted wanted)
    {
        if (wanted.RetiredQueues.Count == 0)
            return;
        foreach (var name in wanted.RetiredQueues)
            fetched.PutRetired(name, null);
        AskEach(
            """
            SELECT q.name, q.id, count(*) FILTER (WHERE j.state = 2), count(*) FILTER (WHERE j.state = 3), count(*) FILTER (WHERE j.state = 4)
            FROM   queues q LEFT JOIN ended_jobs j ON j.queue_id = q.id WHERE q.name = ANY ($1) AND q.deleted GROUP BY q.name, q.id
            """,
            row => fetched.PutRetired(row.GetString(0), new RetiredQueue(row.GetInt64(1), [0, 0, row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)])),
            Array(wanted.RetiredQueues, NpgsqlDbType.Text));
    }

    private void AskJobs(long[] stamps)
    {
        if (stamps.Length == 0)
            return;
        foreach (var stamp in stamps)
            fetched.PutJob(stamp, null);
        AskEach($"SELECT {Columns.Job} FROM jobs {Columns.WithBatch} WHERE a.stamp = ANY ($1)", row => Put(row.ReadJob()), Stamps(stamps));
    }

    /// <summary>Queued jobs whose deadline has passed, and the next deadline after them.</summary>
    private void AskLate(long wall)
    {
        AskEach(
            $"SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch} WHERE a.start_before <= $1 AND a.state = 0 ORDER BY a.start_before LIMIT $2",
            row => fetched.Late.Add(Put(row.ReadJob())),
            Value(wall), Value(Wanted.MostDue));
        Ask(
            "SELECT start_before FROM active_jobs WHERE start_before > $1 AND state = 0 ORDER BY start_before LIMIT 1",
            row => fetched.NextDeadline = fetched.Late.Count == Wanted.MostDue ? wall : row.Read() ? row.GetInt64(0) : LedgerMemory.Never,
            Value(wall));
    }

    /// <summary>Queued jobs that are due, first those that follow the machine's clock, and the next due times after them.</summary>
    private void AskDue(long now, long wall)
    {
        var left = Wanted.MostDue;
        AskEach(
            $"SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch} WHERE a.due_at <= $1 AND a.due_on_wall AND a.state = 0 ORDER BY a.due_at LIMIT $2",
            row =>
            {
                fetched.Due.Add(Put(row.ReadJob()));
                left--;
            },
            Value(wall), Value(Wanted.MostDue));
        var isCut = false;
        Ask(
            $"SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch} WHERE a.due_at <= $1 AND NOT a.due_on_wall AND a.state = 0 ORDER BY a.due_at LIMIT $2",
            row =>
            {
                var taken = 0;
                for (; taken < left && row.Read(); taken++)
                    fetched.Due.Add(Put(row.ReadJob()));
                isCut = taken == left;
            },
            Value(now), Value(Wanted.MostDue));
        var nextOfStore = LedgerMemory.Never;
        Ask(
            "SELECT due_at FROM active_jobs WHERE due_at > $1 AND NOT due_on_wall AND state = 0 ORDER BY due_at LIMIT 1",
            row => nextOfStore = row.Read() ? row.GetInt64(0) : LedgerMemory.Never,
            Value(now));
        Ask(
            "SELECT due_at FROM active_jobs WHERE due_at > $1 AND due_on_wall AND state = 0 ORDER BY due_at LIMIT 1",
            row => fetched.NextDue = (isCut ? now : nextOfStore, left == 0 ? wall : row.Read() ? row.GetInt64(0) : LedgerMemory.Never),
            Value(wall));
    }

    private void AskReleased(Wanted wanted)
    {
        var left = Wanted.MostDue;
        foreach (var (name, setCount) in wanted.Releasing)
        {
            Ask(
                $"SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch} WHERE a.parked > 0 AND a.signal = $1 AND a.parked <= $2 AND a.state = 0 ORDER BY a.stamp LIMIT $3",
                row =>
                {
                    if (left == 0)
                        return;
                    var jobs = new List<long>();
                    while (jobs.Count < left && row.Read())
                        jobs.Add(Put(row.ReadJob()));
                    fetched.Released.Add(new ReleasedJobs(name, setCount, jobs, jobs.Count < left));
                    left -= jobs.Count;
                },
                new NpgsqlParameter<string> { TypedValue = name }, Value(setCount), Value(Wanted.MostDue));
        }
    }

    private void AskLocks(Wanted wanted)
    {
        if (wanted.Locks.Count == 0)
            return;
        foreach (var line in wanted.Locks)
            fetched.PutWaiting(line, null);
        var lines = wanted.Locks.ToArray();
        var whole = System.Array.FindAll(lines, line => line.Lane is null);
        var lanes = System.Array.FindAll(lines, line => line.Lane is not null);
        if (whole.Length > 0)
        {
            AskEach(
                $"""
                SELECT l.at, x.* FROM unnest($1) WITH ORDINALITY AS l (lock, at) CROSS JOIN LATERAL (
                  SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch} WHERE a.parked = 0 AND a.lock = l.lock AND a.state = 0 ORDER BY a.rank, a.stamp LIMIT 1) x
                """,
                row => fetched.PutWaiting(whole[row.GetInt64(0) - 1], row.ReadJob(1)),
                Array(whole.Select(line => line.Name), NpgsqlDbType.Text));
        }

        if (lanes.Length > 0)
        {
            AskEach(
                $"""
                SELECT l.at, x.* FROM unnest($1, $2, $3) WITH ORDINALITY AS l (lock, queue_id, key, at) CROSS JOIN LATERAL (
                  SELECT {Columns.Job} FROM active_jobs {Columns.WithBatch}
                  WHERE  a.parked = 0 AND a.lock = l.lock AND a.queue_id = l.queue_id AND a.key = l.key AND a.state = 0 ORDER BY a.rank, a.stamp LIMIT 1) x
                """,
                row => fetched.PutWaiting(lanes[row.GetInt64(0) - 1], row.ReadJob(1)),
                Array(lanes.Select(line => line.Name), NpgsqlDbType.Text), Stamps(lanes.Select(line => line.Lane!.Value.QueueId)), Array(lanes.Select(line => line.Lane!.Value.Key), NpgsqlDbType.Text));
        }
    }

    /// <summary>The next jobs of lanes, behind the last one that is known: what has left a lane before that is not looked at again.</summary>
    private void AskLanes(Wanted wanted)
    {
        if (wanted.Lanes.Count == 0)
            return;
        var looks = wanted.Lanes.ToArray();
        List<QueuedRow>[] heads = [.. looks.Select(look => new List<QueuedRow>(Math.Min(look.AtMost, 64)))];
        AskEach(
            $"""
            SELECT l.at, x.* FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS l (queue_id, key, most, rank, stamp, at) CROSS JOIN LATERAL (
              SELECT {Columns.Queued} FROM active_jobs {Columns.WithBatch}
              WHERE  a.due_at IS NULL AND a.parked IS NULL AND a.queue_id = l.queue_id AND a.key = l.key AND (a.rank, a.stamp) > (l.rank, l.stamp) AND a.state = 0
              ORDER  BY a.rank, a.stamp LIMIT l.most) x
            ORDER  BY l.at
            """,
            row =>
            {
                var at = row.GetInt64(0) - 1;
                heads[at].Add(row.ReadQueued(1, looks[at].Key, signal: null));
            },
            Stamps(looks.Select(look => look.QueueId)), Array(looks.Select(look => look.Key), NpgsqlDbType.Text), Stamps(looks.Select(look => (long)look.AtMost)),
            Array(looks.Select(look => look.Behind is { } behind ? -behind.Priority : int.MinValue), NpgsqlDbType.Integer), Stamps(looks.Select(look => look.Behind?.Stamp ?? long.MinValue)));
        fetched.Lanes = heads;
    }

    private void AskBatches(long[] stamps)
    {
        if (stamps.Length == 0)
            return;
        foreach (var stamp in stamps)
            fetched.PutBatch(stamp, null);
        AskEach($"SELECT {Columns.Batch} FROM batches b WHERE b.stamp = ANY ($1)", row => fetched.PutBatch(row.GetInt64(0), row.ReadBatch()), Stamps(stamps));
    }

    private void FetchStopping(Wanted wanted)
    {
        var left = Wanted.MostDue;
        foreach (var stamp in wanted.Stopping)
        {
            if (fetched.Batch(stamp) is not { } stopping)
                continue;
            var from = stopping.StopFrom ?? 0;
            Ask(
                "SELECT batch_index, stamp FROM jobs WHERE batch = $1 AND batch_index >= $2 ORDER BY batch_index LIMIT $3",
                row =>
                {
                    if (left == 0)
                        return;
                    var places = new List<(long, long)>();
                    while (places.Count < left && row.Read())
                        places.Add((row.GetInt32(0), row.GetInt64(1)));
                    fetched.Stopping.Add(new StoppingJobs(stamp, from, stopping.Total, places, places.Count < left));
                    left -= places.Count;
                },
                Value(stamp), Value(from), Value(Wanted.MostDue));
        }

        Run();
        AskJobs([.. fetched.Stopping.SelectMany(stopping => stopping.Jobs).Select(place => place.Job).Where(job => !fetched.HasJob(job))]);
        Run();
    }

    private void AskPrune(PruneQuery query)
    {
        var (old, end, read) = (new List<OldJob>(), query.Walks.Job, 0);
        Ask(
            """
            SELECT j.stamp, j.queue_id, j.state, j.has_callback, j.batch,
                   j.finished_at < $3
                   AND (j.batch IS NULL OR EXISTS (SELECT 1 FROM batches b WHERE b.stamp = j.batch AND b.finished_at < $3))
                   AND (NOT j.has_callback OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = j.stamp AND d.state = 0))
            FROM   ended_jobs j WHERE j.stamp > $1 AND j.stamp < $2 ORDER BY j.stamp LIMIT $4
            """,
            row =>
            {
                while (old.Count < query.AtMost && row.Read())
                {
                    read++;
                    end = row.GetInt64(0);
                    if (row.GetBoolean(5))
                        old.Add(new OldJob(end, row.GetInt64(1), (JobState)row.GetInt32(2), row.GetBoolean(3), row.Int64OrNull(4)));
                }

                if (old.Count < query.AtMost && read < query.MaxRows)
                    end = 0;
            },
            Value(query.Walks.Job), Value(query.Newest), Value(query.FinishedBefore), Value(query.MaxRows));

        var batches = new List<(long, string?)>();
        AskEach(
            """
            SELECT b.stamp, b.idempotency FROM batches b
            WHERE  b.finished_at < $1 AND NOT EXISTS (SELECT 1 FROM ended_jobs WHERE batch = b.stamp) AND NOT EXISTS (SELECT 1 FROM active_jobs WHERE batch = b.stamp)
                   AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = b.stamp AND d.state = 0)
            ORDER  BY b.finished_at LIMIT $2
            """,
            row => batches.Add((row.GetInt64(0), row.TextOrNull(1))),
            Value(query.FinishedBefore), Value(query.AtMost));

        var states = new List<(string, string, long)>();
        AskEach(
            "SELECT name, key, GREATEST(taken_until, paused_until, paced_until, factor_at) FROM limit_states WHERE (name, key) > ($1, $2) ORDER BY name, key LIMIT $3",
            row => states.Add((row.GetString(0), row.GetString(1), row.GetInt64(2))),
            new NpgsqlParameter<string> { TypedValue = query.Walks.State.Limit }, new NpgsqlParameter<string> { TypedValue = query.Walks.State.Key }, Value(query.MaxRows));

        var starts = new List<(string, string, long)>();
        AskEach(
            "SELECT name, key, at FROM window_starts WHERE (name, key, at) > ($1, $2, $3) ORDER BY name, key, at LIMIT $4",
            row => starts.Add((row.GetString(0), row.GetString(1), row.GetInt64(2))),
            new NpgsqlParameter<string> { TypedValue = query.Walks.Start.Limit }, new NpgsqlParameter<string> { TypedValue = query.Walks.Start.Key }, Value(query.Walks.Start.At), Value(query.MaxRows));
        Ask("SELECT 1", _ => fetched.Prune = new PruneFound(old, end, batches, states, starts));
    }

    private long Put(JobRow job)
    {
        fetched.PutJob(job.Id.Stamp, job);
        return job.Id.Stamp;
    }
}
