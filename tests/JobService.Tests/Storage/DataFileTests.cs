using System.Text;
using JobService.Jobs;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Storage;

/// <summary>What lies on the disk is the owner's alone, and what was deleted lies there no more.</summary>
public sealed class DataFileTests : IDisposable
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnersFile | UnixFileMode.UserExecute;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-store-");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task All_files_and_the_folder_that_was_made_for_them_are_the_owners_alone()
    {
        var data = Path.Combine(folder.FullName, "made", "data");
        await using var driver = Open(data);
        await driver.PutQueueAsync("q");
        await driver.AddAsync(driver.NewJob());

        if (OperatingSystem.IsWindows())
            return;
        var files = Directory.GetFiles(data);
        Assert.Equal(["jobs.db", "jobs.db-shm", "jobs.db-wal", "jobs.db.lock"], files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var file in files)
            Assert.Equal((file, OwnersFile), (file, File.GetUnixFileMode(file)));
        Assert.Equal(OwnersFolder, File.GetUnixFileMode(data));
    }

    [Fact]
    public async Task A_folder_and_a_file_that_exist_keep_the_mode_that_the_operator_gave_them()
    {
        if (OperatingSystem.IsWindows())
            return;
        var data = folder.CreateSubdirectory("data").FullName;
        const UnixFileMode group = OwnersFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        File.SetUnixFileMode(data, group);
        await File.WriteAllBytesAsync(Path.Combine(data, "jobs.db"), [], TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Path.Combine(data, "jobs.db"), OwnersFile | UnixFileMode.GroupRead);

        await using var driver = Open(data);

        Assert.Equal(group, File.GetUnixFileMode(data));
        Assert.Equal(OwnersFile | UnixFileMode.GroupRead, File.GetUnixFileMode(Path.Combine(data, "jobs.db")));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(20_000)]
    public async Task What_was_deleted_is_overwritten(int length)
    {
        var data = folder.CreateSubdirectory("data").FullName;
        var driver = Open(data);
        await using (driver)
        {
            await driver.PutQueueAsync("q");
            for (var i = 0; i < 20; i++)
            {
                await driver.AddAsync(driver.NewJob(key: "hush-key") with
                {
                    Payload = Encoding.UTF8.GetBytes($"\"hush-payload{new string('p', length)}\""),
                    Tags = new Dictionary<string, string> { ["customer"] = "hush-tag" },
                });
            }

            foreach (var job in await driver.ClaimAsync())
                Assert.Equal(1, await driver.FinishAsync(job, StoreDriver.Success($"\"hush-result{new string('r', length)}\"")));
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(20, (await driver.Store.PruneAsync(driver.Store.Now, 100)).Deleted);
        }

        // The last connection has written the log back and deleted it.
        var file = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(data, "jobs.db"), TestContext.Current.CancellationToken));
        Assert.Equal(["jobs.db", "jobs.db.lock"], Directory.GetFiles(data).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var secret in (string[])["hush-payload", "hush-result", "hush-tag", "hush-key"])
            Assert.DoesNotContain(secret, file, StringComparison.Ordinal);
    }

    private StoreDriver Open(string data)
    {
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = Path.Combine(data, "jobs.db") });
        return new StoreDriver(new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance).Running(), ids, time);
    }
}
