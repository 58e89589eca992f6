using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The writer's statements, by what they are about.</summary>
internal sealed class SqliteRows(sqlite3 database) : IDisposable
{
    public JobRows Jobs { get; } = new(database);

    public ParkedRows Parked { get; } = new(database);

    public DefinitionRows Definitions { get; } = new(database);

    public LimitStateRows LimitStates { get; } = new(database);

    public RestingRows Resting { get; } = new(database);

    public BatchRows Batches { get; } = new(database);

    public PruneRows Prunes { get; } = new(database);

    public DeliveryRows Deliveries { get; } = new(database);

    public ClockRows Clock { get; } = new(database);

    public void Dispose()
    {
        Jobs.Dispose();
        Parked.Dispose();
        Definitions.Dispose();
        LimitStates.Dispose();
        Resting.Dispose();
        Batches.Dispose();
        Prunes.Dispose();
        Deliveries.Dispose();
        Clock.Dispose();
    }
}
