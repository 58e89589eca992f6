using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Storage;

/// <summary>A file that cannot be trusted: the service says so, and acknowledges nothing that it may lose.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private static readonly CancellationToken hang = TestContext.Current.CancellationToken;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-damage-");

    private string File => Path.Combine(data.FullName, "jobs.db");

    [Theory]
    [InlineData("bodies")] // found by the write of the next job
    [InlineData("results")] // found by who reads one
    public async Task What_is_found_damaged_takes_no_more_jobs(string table)
    {
        var id = await RunOneJobAsync();
        Damage(table);

        await using var service = await JobServiceProcess.StartAsync(data);
        using var read = await service.Client.GetAsync($"/v1/jobs/{id}", hang);
        using var first = await PostAsync(service);
        using var second = await PostAsync(service);
        using var ready = await service.Client.GetAsync("/readyz", hang);
        using var live = await service.Client.GetAsync("/livez", hang);
        using var queue = await service.Client.GetAsync("/v1/queues/default", hang); // counted in memory

        Assert.Equal(HttpStatusCode.ServiceUnavailable, read.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, first.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("is damaged", (await ready.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.OK, queue.StatusCode);
        Assert.Equal(0, await service.StopAsync());
    }

    [Theory]
    [InlineData("jobs", "is damaged")]
    [InlineData(null, "is damaged")]
    public async Task What_cannot_be_opened_stops_the_start_in_plain_words(string? table, string expected)
    {
        await RunOneJobAsync();
        if (table is null)
            await System.IO.File.WriteAllTextAsync(File, new string('x', 8_192), hang);
        else
            Damage(table);

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => JobServiceProcess.StartAsync(data));

        Assert.Contains(expected, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_left_alone()
    {
        await RunOneJobAsync();
        Execute("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('JobService.Storage.Sqlite.Migrations.9999_later.sql', '2030-01-01')");
        var before = await System.IO.File.ReadAllBytesAsync(File, hang);

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => JobServiceProcess.StartAsync(data));

        Assert.Contains("was written by a newer version of JobService: this one does not know 9999_later.", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, await System.IO.File.ReadAllBytesAsync(File, hang));
    }

    public void Dispose() => data.Delete(recursive: true);

    private static Task<HttpResponseMessage> PostAsync(ServerProcess service) => service.Client.PostAsJsonAsync("/v1/jobs", new { payload = new string('x', 10_000) }, hang);

    private async Task<string> RunOneJobAsync()
    {
        await using var service = await JobServiceProcess.StartAsync(data);
        using var posted = await PostAsync(service);
        var id = (await posted.Content.ReadFromJsonAsync<JsonElement>(hang)).GetProperty("id").GetString()!;
        using var ended = await service.Client.GetAsync($"/v1/jobs/{id}?wait=20", hang);
        await service.StopAsync();
        return id;
    }

    /// <summary>Overwrites the page on which the table begins.</summary>
    private void Damage(string table)
    {
        var (page, size) = (Execute($"SELECT rootpage FROM sqlite_master WHERE name = '{table}'"), Execute("PRAGMA page_size"));
        using var file = System.IO.File.OpenWrite(File);
        file.Position = (page - 1) * size;
        file.Write(Enumerable.Repeat((byte)0xA5, (int)size).ToArray());
    }

    private long Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }
}
