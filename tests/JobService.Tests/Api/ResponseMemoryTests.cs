using System.Net;
using System.Text.Json;
using JobService.Api.Http;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>Pages and large jobs are read within a budget.</summary>
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

    [Fact]
    public async Task A_job_with_a_large_result_is_refused_until_there_is_memory_and_one_with_a_small_result_never()
    {
        var (large, small) = (await EndedAsync(50_000), await EndedAsync(50));
        using (await TakeAllAsync())
        {
            using var beyond = await TakeAllAsync();
            using var refused = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{large}");
            using var served = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{small}?wait=1");

            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        }

        // What each took is given back: a hundred take twice the budget.
        for (var read = 0; read < 100; read++)
        {
            using var job = JsonDocument.Parse(await service.Client.GetStringAsync(new Uri($"/v1/jobs/{large}", UriKind.Relative), hang));
            Assert.Equal(50_000, job.RootElement.GetProperty("result").GetProperty("echo").GetString()!.Length);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_waits_for_a_large_result_without_memory_is_led_to_it(bool isReplay)
    {
        (string, string)[] headers = [("Prefer", "wait=20"), ("Idempotency-Key", "once")];
        if (isReplay)
            (await service.SubmitAsync(Payload(50_000), headers)).Dispose();
        using (await TakeAllAsync())
        {
            using var beyond = await TakeAllAsync();
            using var ended = await service.SubmitAsync(Payload(50_000), headers);
            using var job = JsonDocument.Parse(await ended.Content.ReadAsStringAsync(hang));

            Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
            Assert.False(job.RootElement.TryGetProperty("result", out _));
            var result = await service.Client.GetStringAsync(new Uri(job.RootElement.GetProperty("links").GetProperty("result").GetString()!, UriKind.Relative), hang);
            Assert.Contains(new string('x', 50_000), result);
        }
    }

    private static string Payload(int length) => $$"""{"payload":"{{new string('x', length)}}"}""";

    /// <returns>The id of a job whose result has that many bytes and a few more.</returns>
    private async Task<string> EndedAsync(int length)
    {
        using var ended = await service.SubmitAsync(Payload(length), ("Prefer", "wait=20"));
        using var job = JsonDocument.Parse(await ended.Content.ReadAsStringAsync(hang));
        Assert.Equal("succeeded", job.RootElement.GetProperty("state").GetString());
        return job.RootElement.GetProperty("id").GetString()!;
    }

    private async Task<BodyMemory> TakeAllAsync()
    {
        var room = service.Services.GetRequiredService<ResponseMemory>().Open(hang);
        Assert.True(await room.GrowToAsync(Budget));
        return room;
    }
}
