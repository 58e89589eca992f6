using JobService.Tests.Support;

[assembly: AssemblyFixture(typeof(PostgresClusterEnd))]

namespace JobService.Tests.Support;

/// <summary>Ends the run's PostgreSQL after the last test: its hundreds of databases take seconds to delete.</summary>
public sealed class PostgresClusterEnd : IDisposable
{
    public void Dispose() => PostgresCluster.EndShared();
}
