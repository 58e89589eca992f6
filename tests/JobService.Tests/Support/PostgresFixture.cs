namespace JobService.Tests.Support;

/// <summary>The whole service in this process, on a PostgreSQL database of its own.</summary>
public sealed class PostgresFixture() : ServiceFixture(Settings())
{
    /// <param name="others">More settings.</param>
    /// <returns>Settings that name a new database.</returns>
    public static IReadOnlyDictionary<string, string> Settings(IReadOnlyDictionary<string, string>? others = null) =>
        new Dictionary<string, string>(others ?? new Dictionary<string, string>()) { ["JobService:Storage:Postgres"] = PostgresCluster.Shared.CreateDatabase() };
}
