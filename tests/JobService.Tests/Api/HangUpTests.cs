using System.Net.Sockets;
using System.Text;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>A client that goes while it waits for its own job takes the job with it; one that only looks does not.</summary>
public sealed class HangUpTests : IClassFixture<ServiceFixture>, IAsyncDisposable
{
    private readonly ServiceFixture service;
    private readonly RawTcpApi api;
    private readonly TaskCompletionSource response = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HangUpTests(ServiceFixture service)
    {
        this.service = service;
        api = new RawTcpApi(_ => async (connection, stop) =>
        {
            await response.Task.WaitAsync(stop);
            await WireReplies.Respond()(connection, stop);
        });
    }

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Hanging_up_while_waiting_cancels_the_job()
    {
        await QueueAsync("hang-up");
        using var client = await SendAsync("POST /v1/jobs", "Prefer: wait=30\r\n", """{"queue":"hang-up","payload":1}""");
        var job = await CalledAsync();

        await HangUpAsync(client);

        var ended = await EndedAsync(job);
        Assert.Equal((JobState.Cancelled, CancelReason.Disconnect), (ended.State, ended.CancelReason));
    }

    [Fact]
    public async Task A_client_may_say_that_the_job_goes_on_without_it()
    {
        await QueueAsync("go-on");
        using var client = await SendAsync("POST /v1/jobs?onDisconnect=continue", "Prefer: wait=30\r\n", """{"queue":"go-on","payload":1}""");
        var job = await CalledAsync();

        await HangUpAsync(client);
        response.SetResult();

        Assert.Equal(JobState.Succeeded, (await EndedAsync(job)).State);
    }

    /// <summary>A proxy that cuts a long wait is a hang-up as well, and the client comes again with its key.</summary>
    [Fact]
    public async Task With_an_idempotency_key_hanging_up_cancels_nothing()
    {
        await QueueAsync("keyed");
        const string headers = "Prefer: wait=30\r\nIdempotency-Key: keyed\r\n";
        const string body = """{"queue":"keyed","payload":1}""";
        using var client = await SendAsync("POST /v1/jobs", headers, body);
        var job = await CalledAsync();

        await HangUpAsync(client);
        response.SetResult();
        Assert.Equal(JobState.Succeeded, (await EndedAsync(job)).State);

        using var again = await service.SubmitAsync(body, ("Prefer", "wait=30"), ("Idempotency-Key", "keyed"));
        Assert.Equal((200, job.ToString()), ((int)again.StatusCode, (await again.JsonAsync()).GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Who_says_so_cancels_with_a_key_too()
    {
        await QueueAsync("keyed-cancel");
        using var client = await SendAsync("POST /v1/jobs?onDisconnect=Cancel", "Prefer: wait=30\r\nIdempotency-Key: keyed-cancel\r\n", """{"queue":"keyed-cancel","payload":1}""");
        var job = await CalledAsync();

        await HangUpAsync(client);

        Assert.Equal(CancelReason.Disconnect, (await EndedAsync(job)).CancelReason);
    }

    [Fact]
    public async Task Hanging_up_on_a_look_or_a_replay_cancels_nothing()
    {
        await QueueAsync("look");
        const string body = """{"queue":"look","payload":1}""";
        using var submitted = await service.SubmitAsync(body, ("Idempotency-Key", "look"));
        var job = await CalledAsync();

        using var replay = await SendAsync("POST /v1/jobs", "Prefer: wait=30\r\nIdempotency-Key: look\r\n", body);
        await HangUpAsync(replay);
        using var look = await SendAsync($"GET {submitted.Headers.Location}?wait=30", "", "");
        await HangUpAsync(look);
        response.SetResult();

        Assert.Equal(JobState.Succeeded, (await EndedAsync(job)).State);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("cancel", true)]
    [InlineData("continue", true)]
    [InlineData("Continue", true)]
    [InlineData("maybe", false)]
    public async Task Only_cancel_and_continue_are_known(string value, bool known)
    {
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/jobs?onDisconnect=" + value, """{"payload":1}""");

        Assert.Equal(known ? 202 : 400, (int)submitted.StatusCode);
    }

    private Task QueueAsync(string name) => service.PutAsync($"/v1/queues/{name}", $$"""{"target":{"kind":"http","baseAddress":"{{api.Address}}"} }""");

    private async Task<TcpClient> SendAsync(string line, string headers, string body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        var request = $"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Closes the client's half; the service closes the other one when it is done with the request.</summary>
    private static async Task HangUpAsync(TcpClient client)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        using var reader = new StreamReader(client.GetStream());
        client.Client.Shutdown(SocketShutdown.Send);
        try
        {
            await reader.ReadToEndAsync(hang.Token);
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }
    }

    /// <summary>The job's call has arrived.</summary>
    private async Task<JobId> CalledAsync()
    {
        Assert.True(JobId.TryParse(Assert.Single((await api.FirstRequest).Header("X-Job-Id")), out var job));
        return job;
    }

    private async Task<Job> EndedAsync(JobId id)
    {
        using var wait = service.Services.GetRequiredService<JobEventHub>().WhenEnded(id);
        if (await service.Store.FindAsync(id, 0) is { FinishedAt: not null } before)
            return before;

        await wait.Ended.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
        return (await service.Store.FindAsync(id, 0))!;
    }
}
