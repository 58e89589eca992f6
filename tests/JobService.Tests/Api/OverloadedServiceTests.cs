using System.Net;
using JobService.Api.Http;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Api;

/// <summary>The guard sees every connection and every request.</summary>
public sealed class OverloadedServiceTests : IAsyncDisposable
{
    private const long Most = 800;
    private const int Beyond = 20;

    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly List<SlowClient> clients = [];
    private readonly Overload overload;
    private readonly ServiceFixture service;
    private long memory;

    public OverloadedServiceTests()
    {
        overload = new Overload(Most, () => Volatile.Read(ref memory), () => { }, NullLogger<Overload>.Instance);
        service = ServiceFixture.With(new Dictionary<string, string>(), services => services.AddSingleton(overload));
    }

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        await service.DisposeAsync();
        overload.Dispose();
    }

    [Fact]
    public async Task The_last_connections_are_cut_and_requests_are_refused_until_it_takes_less_memory()
    {
        var server = IPEndPoint.Parse(service.Address.Authority);
        for (var i = 0; i < Overload.Spared + Beyond; i++)
        {
            clients.Add(await SlowClient.SendAsync(server, "GET /livez\r\n", default, hang));
            await clients[^1].BeginAsync(hang);
            Assert.Equal(200, clients[^1].Status);
        }

        Volatile.Write(ref memory, Most + 1);
        Assert.Equal(Beyond / 2, overload.Look());

        foreach (var client in clients.TakeLast(Beyond / 2))
        {
            while (await client.ReadAsync(hang) > 0)
            {
                // What it had been sent before.
            }
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("/v1/jobs"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/livez"));
        Volatile.Write(ref memory, Most);
        Assert.Equal(0, overload.Look());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/jobs"));
    }

    [Fact]
    public async Task While_memory_fills_fast_no_request_is_read()
    {
        var server = IPEndPoint.Parse(service.Address.Authority);
        Volatile.Write(ref memory, Most / 4 * 3);
        overload.Look();
        Volatile.Write(ref memory, Most);
        Assert.Equal(0, overload.Look()); // too few to cut any
        using (var client = await SlowClient.SendAsync(server, "GET /livez\r\n", default, hang))
        {
            await client.BeginAsync(hang);
            Assert.Equal(0, client.Status);
        }

        Volatile.Write(ref memory, Most / 2);
        overload.Look();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/livez"));
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);
        return response.StatusCode;
    }
}
