using JobService.Jobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Storage.Sqlite;

/// <summary>Jobs in one SQLite file, used by one process.</summary>
public sealed class SqliteJobStore : LedgerStore
{
    public SqliteJobStore(IOptions<StorageOptions> options, JobIdSource ids, TimeProvider time, ILogger<SqliteJobStore> logger, SubmissionBounds? bounds = null)
        : this(SqliteDatabase.Open(options.Value.Path), ids, time, logger, bounds)
    {
    }

    private SqliteJobStore(SqliteDatabase database, JobIdSource ids, TimeProvider time, ILogger logger, SubmissionBounds? bounds)
        : base(new SqliteLedger(database, time, logger), Reads(new ReadConnections(database)), ids, time, logger, bounds)
    {
    }

    private static StoreReads Reads(ReadConnections connections) =>
        new(new SqliteReads(connections), new BodyReads(connections), new BatchReads(connections), new DeliveryReads(connections), connections);
}
