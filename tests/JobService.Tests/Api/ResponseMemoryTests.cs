using System.Net;
using System.Text.Json;
using JobService.Api.Http;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>Pages are made within a budget.</summary>
public sealed class ResponseMemoryTests : IAsyncDisposable
{
    private const int Budget = 16 * 1024 * 1024;

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Api:MaxHeldBytes"] = $"{Budget}" });
    private readonly CancellationToken hang = TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_page_for_which_there_is_no_room_is_refused_until_there_is_some()
    {
        using var batch = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[{"payload":1}]}""");
        string[] paths = ["/v1/jobs", $"{batch.Headers.Location}/results"];
        using (await TakeAllAsync())
        {
            using var beyond = await TakeAllAsync(); // one page more is always made
            foreach (var response in await Task.WhenAll(paths.Select(path => service.SendAsync(HttpMethod.Get, path))))
            {
                Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
                using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(hang));
                Assert.Equal("/problems/responses-full", problem.RootElement.GetProperty("type").GetString());
                response.Dispose();
            }
        }

        foreach (var path in paths)
        {
            using var response = await service.SendAsync(HttpMethod.Get, path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task What_was_read_goes_out_without_its_rest_when_there_is_no_room_for_that()
    {
        var page = new JsonPage(service.Services.GetRequiredService<ResponseMemory>().Open(hang));
        Assert.True(await page.ReserveAsync(Budget));
        page.Settle();
        using var others = await TakeAllAsync();
        using var beyond = await TakeAllAsync();

        Assert.False(await page.ReserveAsync(1));
    }

    [Fact]
    public async Task A_long_list_comes_whole_and_in_order_over_several_reads()
    {
        using var batch = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("""{"payload":1,"delaySeconds":600}""", 130))}}]}""");
        var ids = new List<string>();
        string? path = "/v1/jobs?limit=120";
        while (path is not null)
        {
            using var response = await service.SendAsync(HttpMethod.Get, path);
            using var list = JsonDocument.Parse(await response.Content.ReadAsStringAsync(hang));
            ids.AddRange(list.RootElement.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            Assert.Equal(ids.Count < 130, response.Headers.Contains("Link"));
            path = list.RootElement.TryGetProperty("nextCursor", out var cursor) ? $"/v1/jobs?limit=120&cursor={cursor.GetString()}" : null;
            Assert.Contains(ids.Count, new[] { 120, 130 });
        }

        Assert.Equal(130, ids.Distinct().Count());
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), ids);
    }

    private async Task<BodyMemory> TakeAllAsync()
    {
        var room = service.Services.GetRequiredService<ResponseMemory>().Open(hang);
        Assert.True(await room.GrowToAsync(Budget));
        return room;
    }
}
