using JobService.Storage;
using JobService.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Storage;

/// <summary>A data file that cannot be opened is named, with the reason and with what to do.</summary>
public sealed class OpeningFaultTests : IDisposable
{
    private const string Owner = "must belong to the user that runs the service";
    private const string OneProcess = "One process at a time may use it.";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-opening-");

    private string File => Path.Combine(folder.FullName, "jobs.db");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_second_process_is_told_that_there_is_a_first()
    {
        using var first = SqliteDatabase.Open(File);

        Says(OneProcess);
    }

    [Theory]
    [InlineData(5)] // busy
    [InlineData(6)] // locked
    public void A_lock_of_another_program_is_another_process_too(int code) =>
        Assert.EndsWith(OneProcess, OpeningFault.Of(File, new SqliteException("database is locked", code)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_is_no_file()
    {
        Directory.CreateDirectory(File);

        Says($"JobService:Storage:Path names a file, as {Path.Combine(File, "jobs.db")}.");
        Assert.Equal(["jobs.db"], folder.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Fact]
    public void What_ends_with_a_slash_is_none_either()
    {
        Assert.Contains("it is a folder", Assert.Throws<StorageUnavailableException>(() => SqliteDatabase.Open(File + "/")).Message, StringComparison.Ordinal);
        Assert.Empty(folder.GetFileSystemInfos());
    }

    /// <summary>A folder in the place of a file is what nobody may write, root neither.</summary>
    [Theory]
    [InlineData(".lock")]
    [InlineData("-wal")]
    public void What_lies_beside_it_and_cannot_be_written_has_another_owner(string suffix)
    {
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; CREATE TABLE t (x)");
        }

        Directory.CreateDirectory(File + suffix);

        Says(Owner);
    }

    [Fact]
    public void A_link_in_a_circle_is_opened_by_nobody()
    {
        System.IO.File.CreateSymbolicLink(File, File);

        Says("cannot be opened");
    }

    [Theory]
    [InlineData(8, true)] // read-only
    [InlineData(14, true)] // cannot open
    [InlineData(10, false)] // the disk fails
    [InlineData(13, false)] // the disk is full
    public void The_owner_is_named_where_that_is_it(int code, bool isOwner)
    {
        var error = new SqliteException("said by SQLite", code);

        Assert.True(OpeningFault.IsOfTheFile(error));
        Assert.Equal(isOwner, OpeningFault.Of(File, error).Message.Contains(Owner, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_system_forbids_is_a_matter_of_the_owner_and_a_full_disk_is_not()
    {
        Assert.EndsWith(".lock).", OpeningFault.Of(File, new UnauthorizedAccessException("Access is denied.")).Message, StringComparison.Ordinal);
        Assert.Equal($"{File} cannot be opened: No space left on device.", OpeningFault.Of(File, new IOException("No space left on device")).Message);
        Assert.False(OpeningFault.IsOfTheFile(new SqliteException("no such table", 1)));
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Says(string expected)
    {
        var message = Assert.Throws<StorageUnavailableException>(() => SqliteDatabase.Open(File)).Message;
        Assert.StartsWith($"{File} cannot be opened: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        if (expected != OneProcess)
            Assert.DoesNotContain(OneProcess, message, StringComparison.Ordinal);
    }
}
