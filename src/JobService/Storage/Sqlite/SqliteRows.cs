using JobService.Ledger;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The writer's connection with its statements, grouped by table, and the one place where changes are written.</summary>
internal sealed class SqliteRows : ILedgerRows, IChangeWriters
{
    private const int BusyMilliseconds = 1_000;

    private readonly SqliteConnection connection;
    private readonly SqliteStatement begin;
    private readonly SqliteStatement beginRead;
    private readonly SqliteStatement commit;
    private readonly JobRows jobs;
    private readonly JobWrites jobWrites;
    private readonly ParkedRows parked;
    private readonly DefinitionRows definitions;
    private readonly LimitStateRows limitStates;
    private readonly BatchRows batches;
    private readonly PruneRows prunes;
    private readonly DeliveryRows deliveries;
    private readonly ClockRows clock;

    /// <param name="connection">An open connection, which it disposes.</param>
    public SqliteRows(SqliteConnection connection)
    {
        this.connection = connection;
        var handle = connection.Handle!;
        // No other process should write the file: if one does, the writer waits no longer than clients wait for their response.
        _ = raw.sqlite3_busy_timeout(handle, BusyMilliseconds);
        begin = new SqliteStatement(handle, "BEGIN IMMEDIATE");
        beginRead = new SqliteStatement(handle, "BEGIN");
        commit = new SqliteStatement(handle, "COMMIT");
        jobs = new JobRows(handle);
        jobWrites = new JobWrites(handle);
        parked = new ParkedRows(handle);
        definitions = new DefinitionRows(handle);
        limitStates = new LimitStateRows(handle);
        batches = new BatchRows(handle);
        prunes = new PruneRows(handle);
        deliveries = new DeliveryRows(handle);
        clock = new ClockRows(handle);
    }

    public IJobRows Jobs => jobs;

    public IParkedRows Parked => parked;

    public IDefinitionRows Definitions => definitions;

    public IBatchRows Batches => batches;

    public IDeliveryRows Deliveries => deliveries;

    JobChange.IWriter IChangeWriters.Jobs => jobWrites;

    SignalChange.IWriter IChangeWriters.Signals => parked;

    BatchChange.IWriter IChangeWriters.Batches => batches;

    DefinitionChange.IWriter IChangeWriters.Definitions => definitions;

    LimitStateChange.IWriter IChangeWriters.LimitStates => limitStates;

    DeliveryChange.IWriter IChangeWriters.Deliveries => deliveries;

    ClockChange.IWriter IChangeWriters.Clock => clock;

    public void Begin() => begin.Run();

    public void Commit() => commit.Run();

    public Fetched Fetch(Wanted wanted)
    {
        var fetched = new Fetched();
        foreach (var key in wanted.Keys)
            fetched.PutKey(key, jobs.FindIdempotency(key));
        foreach (var stamp in wanted.Deliveries)
            fetched.PutDelivery(stamp, deliveries.Find(stamp));
        foreach (var name in wanted.RetiredQueues)
            fetched.PutRetired(name, definitions.FindRetired(name));
        foreach (var stamp in wanted.Jobs)
            fetched.PutJob(stamp, jobs.Find(stamp));
        if (wanted.LateBy is { } lateBy)
            jobs.FetchLate(fetched, lateBy);
        if (wanted.DueBy is var (now, wall))
            jobs.FetchDue(fetched, now, wall);
        if (wanted.Releasing.Count > 0)
            parked.FetchReleased(fetched, wanted.Releasing);
        foreach (var line in wanted.Locks)
            fetched.PutWaiting(line, parked.First(line));
        if (wanted.Lanes.Count > 0)
            fetched.Lanes = jobs.Heads(wanted.Lanes);
        FetchBatches(fetched, wanted);
        if (wanted.Prune is { } query)
            fetched.Prune = prunes.Find(query);
        return fetched;
    }

    public Written Write(IReadOnlyList<Change> changes)
    {
        for (var i = 0; i < changes.Count; i++)
        {
            var rows = changes[i].WriteTo(this);
            if (rows < changes[i].LeastRows)
                throw new InvalidOperationException($"Rows and memory disagree: {changes[i].Kind} has affected {rows} of {changes[i].LeastRows} rows.");
        }

        return new Written(deliveries.TakeDue());
    }

    /// <summary>In one view of the file, which costs less than one for each job.</summary>
    public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps)
    {
        beginRead.Run();
        var inputs = jobs.Inputs(stamps);
        commit.Run();
        return inputs;
    }

    private void FetchBatches(Fetched fetched, Wanted wanted)
    {
        foreach (var stamp in wanted.Batches.Concat(wanted.Stopping))
            fetched.PutBatch(stamp, batches.Find(stamp));
        var left = Wanted.MostDue;
        foreach (var stamp in wanted.Stopping)
        {
            if (left == 0)
                break;
            if (fetched.Batch(stamp) is not { } batch)
                continue;
            var from = batch.StopFrom ?? 0;
            var places = batches.From(stamp, from, left);
            foreach (var (_, job) in places.Where(place => !fetched.HasJob(place.Job)))
                fetched.PutJob(job, jobs.Find(job));
            fetched.Stopping.Add(new StoppingJobs(stamp, from, batch.Total, places, places.Count < left));
            left -= places.Count;
        }

        foreach (var stamp in fetched.BatchesOfJobs.Where(stamp => !fetched.HasBatch(stamp)))
            fetched.PutBatch(stamp, batches.Find(stamp));
    }

    public void Dispose()
    {
        begin.Dispose();
        beginRead.Dispose();
        commit.Dispose();
        jobs.Dispose();
        jobWrites.Dispose();
        parked.Dispose();
        definitions.Dispose();
        limitStates.Dispose();
        batches.Dispose();
        prunes.Dispose();
        deliveries.Dispose();
        clock.Dispose();
        connection.Dispose(); // rolls back what is open
    }
}
