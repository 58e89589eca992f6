using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The writer's statements, by what they are about, and the one place where changes are written.</summary>
internal sealed class SqliteRows(sqlite3 database) : ILedgerRows, IChangeWriters, IDisposable
{
    private readonly JobRows jobs = new(database);
    private readonly JobWrites jobWrites = new(database);
    private readonly ParkedRows parked = new(database);
    private readonly DefinitionRows definitions = new(database);
    private readonly LimitStateRows limitStates = new(database);
    private readonly BatchRows batches = new(database);
    private readonly PruneRows prunes = new(database);
    private readonly DeliveryRows deliveries = new(database);
    private readonly ClockRows clock = new(database);

    public IJobRows Jobs => jobs;

    public IParkedRows Parked => parked;

    public IDefinitionRows Definitions => definitions;

    public IBatchRows Batches => batches;

    public IPruneRows Prunes => prunes;

    public IDeliveryRows Deliveries => deliveries;

    JobChange.IWriter IChangeWriters.Jobs => jobWrites;

    SignalChange.IWriter IChangeWriters.Signals => parked;

    BatchChange.IWriter IChangeWriters.Batches => batches;

    DefinitionChange.IWriter IChangeWriters.Definitions => definitions;

    LimitStateChange.IWriter IChangeWriters.LimitStates => limitStates;

    DeliveryChange.IWriter IChangeWriters.Deliveries => deliveries;

    ClockChange.IWriter IChangeWriters.Clock => clock;

    public Written Write(IReadOnlyList<Change> changes)
    {
        for (var i = 0; i < changes.Count; i++)
        {
            var rows = changes[i].WriteTo(this);
            if (rows < changes[i].LeastRows)
                throw new InvalidOperationException($"The rows are not as the memory says: {changes[i].Kind} has found {rows} of {changes[i].LeastRows} rows.");
        }

        return new Written(deliveries.TakeDue());
    }

    public void Dispose()
    {
        jobs.Dispose();
        jobWrites.Dispose();
        parked.Dispose();
        definitions.Dispose();
        limitStates.Dispose();
        batches.Dispose();
        prunes.Dispose();
        deliveries.Dispose();
        clock.Dispose();
    }
}
