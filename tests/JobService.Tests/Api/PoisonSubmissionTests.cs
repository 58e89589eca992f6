using System.Net;
using System.Text.Json;
using System.Text;
using Dapper;
using JobService.Ledger;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Api;

/// <summary>A submission that breaks the turn it is written in costs nobody else theirs: planted in the database, since the door lets none through.</summary>
public sealed class PoisonSubmissionTests : IAsyncLifetime
{
    private readonly ServiceFixture service = new();

    public async ValueTask InitializeAsync()
    {
        var file = service.Services.GetRequiredService<IOptions<StorageOptions>>().Value.Path;
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.ExecuteAsync("CREATE TRIGGER no_bad_key BEFORE INSERT ON jobs WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'planted'); END");
        await service.PutAsync("/v1/queues/q", """{"target": {"kind": "simulated"}}""");
    }

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Of_many_at_once_only_it_is_refused()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => service.SubmitAsync($$"""{"queue": "q", "payload": {{i}}, "key": "{{(i % 20 == 7 ? "bad" : "good")}}"}""")));

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i % 20 == 7 ? HttpStatusCode.InternalServerError : HttpStatusCode.Accepted), answers.Select(response => response.StatusCode));
        using var ready = await service.SendAsync(HttpMethod.Get, "/readyz");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task An_upload_takes_what_comes_before_it_and_names_its_line()
    {
        using var content = new StringContent("{\"payload\": 1}\n{\"payload\": 2}\n{\"payload\": 3, \"key\": \"bad\"}\n{\"payload\": 4}\n", Encoding.UTF8, "application/x-ndjson");
        using var refused = await service.Client.PostAsync("/v1/batches?queue=q", content, TestContext.Current.CancellationToken);
        using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal((2, 3), (problem.RootElement.GetProperty("accepted").GetInt32(), problem.RootElement.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task A_batch_that_holds_it_is_refused_as_a_whole()
    {
        using var refused = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue": "q", "jobs": [{"payload": 1}, {"payload": 2, "key": "bad"}]}""");
        using var list = await service.SendAsync(HttpMethod.Get, "/v1/jobs?queue=q");
        using var jobs = JsonDocument.Parse(await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal(0, jobs.RootElement.GetProperty("items").GetArrayLength());
    }
}
