using JobService.Api.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Api;

/// <summary>Who is cut off when the process takes too much memory, and when.</summary>
public sealed class OverloadTests : IDisposable
{
    private const long Most = 800;

    private readonly List<Connection> connections = [];
    private readonly Overload overload;
    private long memory;
    private long afterCollecting;
    private int cutBeforeCollecting;

    public OverloadTests() => overload = new Overload(Most, () => memory, Collect, NullLogger<Overload>.Instance);

    public void Dispose() => overload.Dispose();

    [Fact]
    public void Half_of_those_beyond_the_spared_are_cut_and_the_last_come_first()
    {
        Open(Overload.Spared + 100);
        (memory, afterCollecting) = (Most + 1, Most);

        Assert.Equal(50, overload.Look());

        Assert.Equal(connections.Skip(Overload.Spared + 50), connections.Where(connection => connection.IsCut));
    }

    [Fact]
    public void All_beyond_the_spared_are_cut_when_it_takes_far_too_much()
    {
        Open(Overload.Spared + 100);
        memory = afterCollecting = 2 * Most;

        Assert.Equal(100, overload.Look());
        Assert.Equal(connections.Skip(Overload.Spared), connections.Where(connection => connection.IsCut));
    }

    [Fact]
    public void All_beyond_the_spared_are_cut_when_memory_fills_fast()
    {
        Open(Overload.Spared + 100);
        memory = Most / 2;
        Assert.Equal(0, overload.Look());
        memory = afterCollecting = Most + 1;

        Assert.Equal(100, overload.Look());
    }

    [Fact]
    public void Nobody_is_cut_for_what_nobody_holds()
    {
        Open(Overload.Spared + 100);
        (memory, afterCollecting) = (2 * Most, Most / 2);

        Assert.Equal(0, overload.Look());
    }

    [Fact]
    public void Few_connections_are_never_cut()
    {
        Open(Overload.Spared);
        memory = afterCollecting = 2 * Most;

        Assert.Equal(0, overload.Look());
    }

    [Fact]
    public void A_connection_of_http_2_counts_with_its_requests()
    {
        Open(2);
        var held = new TaskCompletionSource();
        for (var i = 0; i < Overload.Spared; i++)
            _ = overload.Pass(RequestOn(connections[i % 2], "/v1/jobs"), _ => held.Task);
        memory = afterCollecting = 2 * Most;

        Assert.Equal(1, overload.Look());
        held.SetResult();
    }

    [Fact]
    public void What_is_on_its_way_from_a_connection_that_was_cut_is_not_begun()
    {
        Open(Overload.Spared + 100);
        memory = afterCollecting = 2 * Most;
        overload.Look();
        memory = 0;
        overload.Look();
        var begun = new List<Connection>();

        foreach (var connection in connections)
        {
            _ = overload.Pass(RequestOn(connection, "/v1/jobs"), _ =>
            {
                begun.Add(connection);
                return Task.CompletedTask;
            });
        }

        Assert.Equal(connections.Where(connection => !connection.IsCut), begun);
    }

    [Fact]
    public void It_looks_ahead_from_three_quarters_of_the_mark_on()
    {
        Open(Overload.Spared + 100);
        memory = Most / 2;
        Assert.Equal(0, overload.Look());
        memory = Most / 4 * 3;
        Assert.Equal(0, overload.Look());

        memory += Most / 8;
        afterCollecting = memory;

        Assert.Equal(100, overload.Look());
    }

    [Fact]
    public void They_are_cut_before_anything_is_collected_when_memory_fills_fast()
    {
        Open(Overload.Spared + 100);
        memory = Most / 2;
        Assert.Equal(0, overload.Look());
        (memory, afterCollecting) = (Most + 1, Most / 2);

        Assert.Equal(100, overload.Look());
        Assert.Equal((100, Most / 2), (cutBeforeCollecting, memory));
    }

    [Fact]
    public async Task While_it_is_full_new_requests_are_refused_but_not_the_question_whether_it_lives()
    {
        Open(Overload.Spared + 100);
        memory = afterCollecting = 2 * Most;
        overload.Look();

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, await StatusAsync("/v1/jobs"));
        Assert.Equal(StatusCodes.Status200OK, await StatusAsync("/livez"));
        var pass = overload.Pass(_ => new TaskCompletionSource().Task);
        Assert.Equal(100, Enumerable.Range(0, 200).Count(_ => !pass(new Connection()).IsCompleted));

        memory = 0;
        overload.Look();
        Assert.Equal(StatusCodes.Status200OK, await StatusAsync("/v1/jobs"));
    }

    private void Collect()
    {
        cutBeforeCollecting = connections.Count(connection => connection.IsCut);
        memory = Math.Min(memory, afterCollecting);
    }

    private static DefaultHttpContext RequestOn(Connection connection, string path)
    {
        var http = new DefaultHttpContext { Request = { Protocol = "HTTP/2", Path = path } };
        foreach (var (type, feature) in connection.Features)
            http.Features[type] = feature;
        return http;
    }

    private void Open(int count)
    {
        var pass = overload.Pass(_ => new TaskCompletionSource().Task);
        for (var i = 0; i < count; i++)
        {
            connections.Add(new Connection());
            _ = pass(connections[^1]);
        }
    }

    private async Task<int> StatusAsync(string path)
    {
        var http = RequestOn(connections[0], path);
        await overload.Pass(http, _ => Task.CompletedTask);
        return http.Response.StatusCode;
    }

    private sealed class Connection : DefaultConnectionContext
    {
        public bool IsCut { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsCut = true;
    }
}
