using JobService.Jobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Storage.Postgres;

/// <summary>Jobs in a PostgreSQL database. Several processes may use it: one of them runs the ledger, the others wait to take over.</summary>
public sealed class PostgresJobStore : LedgerStore
{
    public PostgresJobStore(IOptions<StorageOptions> options, JobIdSource ids, TimeProvider time, ILogger<PostgresJobStore> logger, SubmissionBounds? bounds = null)
        : this(PostgresDatabase.Open(options.Value.Postgres!), ids, time, logger, bounds)
    {
    }

    private PostgresJobStore(PostgresDatabase database, JobIdSource ids, TimeProvider time, ILogger logger, SubmissionBounds? bounds)
        : base(new PostgresLedger(database, time, logger), Reads(new PostgresConnections(database)), ids, time, logger, bounds)
    {
    }

    private static StoreReads Reads(PostgresConnections connections) =>
        new(new PostgresJobReads(connections), new PostgresBodyReads(connections), new PostgresBatchReads(connections), new PostgresDeliveryReads(connections), connections);
}
