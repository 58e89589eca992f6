using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>A connection to a <see cref="MemoryDatabase"/>: a second store behind the interfaces of the ledger, without a file and without SQL.</summary>
internal sealed class MemoryRows(MemoryDatabase database) : ILedgerRows, IChangeWriters
{
    private readonly MemoryJobs jobs = new(database);
    private readonly MemoryParked parked = new(database);
    private readonly MemoryDefinitions definitions = new(database);
    private readonly MemoryLimitStates limitStates = new(database);
    private readonly MemoryBatches batches = new(database);
    private readonly MemoryDeliveries deliveries = new(database);
    private readonly MemoryPruning pruning = new(database);
    private readonly MemoryClock clock = new(database);

    public IJobRows Jobs => jobs;

    public IParkedRows Parked => parked;

    public IDefinitionRows Definitions => definitions;

    public IBatchRows Batches => batches;

    public IDeliveryRows Deliveries => deliveries;

    JobChange.IWriter IChangeWriters.Jobs => jobs;

    SignalChange.IWriter IChangeWriters.Signals => parked;

    BatchChange.IWriter IChangeWriters.Batches => batches;

    DefinitionChange.IWriter IChangeWriters.Definitions => definitions;

    LimitStateChange.IWriter IChangeWriters.LimitStates => limitStates;

    DeliveryChange.IWriter IChangeWriters.Deliveries => deliveries;

    ClockChange.IWriter IChangeWriters.Clock => clock;

    /// <summary>Sees every change that is written.</summary>
    public Action<Change>? Written { get; init; }

    /// <summary>Nothing to do: what was committed last is what is there.</summary>
    public void Begin()
    {
    }

    public void Commit() => database.Commit();

    public void Dispose() => database.RollBack();

    public Fetched Fetch(Wanted wanted)
    {
        var fetched = new Fetched();
        foreach (var key in wanted.Keys)
            fetched.PutKey(key, jobs.FindKey(key));
        foreach (var stamp in wanted.Deliveries)
            fetched.PutDelivery(stamp, database.Deliveries.Find(stamp)?.Row);
        foreach (var name in wanted.RetiredQueues)
            fetched.PutRetired(name, definitions.FindRetired(name));
        foreach (var stamp in wanted.Jobs)
            fetched.PutJob(stamp, database.Jobs.Find(stamp)?.Row);
        if (wanted.LateBy is { } lateBy)
            jobs.FetchLate(fetched, lateBy);
        if (wanted.DueBy is var (now, wall))
            jobs.FetchDue(fetched, now, wall);
        parked.FetchReleased(fetched, wanted.Releasing);
        foreach (var first in wanted.Locks)
            fetched.PutWaiting(first, parked.First(first));
        fetched.Lanes = jobs.Heads(wanted.Lanes);
        batches.Fetch(fetched, wanted);
        if (wanted.Prune is { } query)
            fetched.Prune = pruning.Find(query);
        return fetched;
    }

    public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps) => jobs.Inputs(stamps);

    public Written Write(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            Written?.Invoke(change);
            var rows = change.WriteTo(this);
            if (rows < change.LeastRows)
                throw new InvalidOperationException($"The rows are not as the memory says: {change.Kind} has found {rows} of {change.LeastRows} rows.");
        }

        return new Written(deliveries.TakeDue());
    }
}
