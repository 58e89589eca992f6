using JobService.Storage.Sqlite;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

/// <summary>Who reads beside whom.</summary>
public sealed class ReadConnectionsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-store-");
    private readonly SqliteDatabase database;
    private readonly ReadConnections connections;

    public ReadConnectionsTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        connections = new ReadConnections(database);
    }

    public void Dispose()
    {
        connections.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task However_many_lists_are_read_one_job_is_read_beside_them()
    {
        using var gate = new ManualResetEventSlim();
        var lists = Enumerable.Range(0, 20).Select(_ => Task.Run(() => connections.ScanAsync(_ => gate.Wait(Patience.Hang), TestContext.Current.CancellationToken))).ToArray();
        try
        {
            Assert.Equal(7, await connections.ReadAsync(_ => 7, TestContext.Current.CancellationToken).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
            Assert.All(lists, list => Assert.False(list.IsCompleted));
        }
        finally
        {
            gate.Set();
        }

        await Task.WhenAll(lists).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
    }
}
