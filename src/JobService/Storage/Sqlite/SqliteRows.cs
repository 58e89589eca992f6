using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The writer's statements, by what they are about.</summary>
internal sealed class SqliteRows(sqlite3 database) : ILedgerRows, IDisposable
{
    private readonly JobRows jobs = new(database);
    private readonly ParkedRows parked = new(database);
    private readonly DefinitionRows definitions = new(database);
    private readonly LimitStateRows limitStates = new(database);
    private readonly RestingRows resting = new(database);
    private readonly BatchRows batches = new(database);
    private readonly PruneRows prunes = new(database);
    private readonly DeliveryRows deliveries = new(database);
    private readonly ClockRows clock = new(database);

    public IJobRows Jobs => jobs;

    public IParkedRows Parked => parked;

    public IDefinitionRows Definitions => definitions;

    public ILimitStateRows LimitStates => limitStates;

    public IRestingRows Resting => resting;

    public IBatchRows Batches => batches;

    public IPruneRows Prunes => prunes;

    public IDeliveryRows Deliveries => deliveries;

    public IClockRows Clock => clock;

    public void Dispose()
    {
        jobs.Dispose();
        parked.Dispose();
        definitions.Dispose();
        limitStates.Dispose();
        resting.Dispose();
        batches.Dispose();
        prunes.Dispose();
        deliveries.Dispose();
        clock.Dispose();
    }
}
