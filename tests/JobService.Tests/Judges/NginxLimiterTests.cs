using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A judge that cannot find anything proves nothing.</summary>
[Collection(JudgesAlone.Name)]
public sealed class NginxLimiterTests
{
    [Fact]
    public async Task The_judge_refuses_what_comes_too_early_and_sees_what_comes_twice()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var nginx = await NginxLimiter.StartAsync(new NginxRate(1, Burst: 2));
        using var client = new HttpClient { BaseAddress = new Uri(nginx.BaseAddress) };
        client.DefaultRequestHeaders.Add("X-Job-Id", "the same");
        for (var call = 0; call < 10; call++)
            using (await client.GetAsync(new Uri("/", UriKind.Relative), hang)) { }

        var report = await nginx.StopAndReportAsync();

        Assert.Equal(10, report.Requests);
        Assert.InRange(report.Refused, 1, 7);
        Assert.Equal(10 - report.Refused, report.Jobs + report.Duplicates);
        Assert.Equal(1, report.Jobs);
    }

    [Fact]
    public async Task The_judge_counts_each_key_by_itself()
    {
        var hang = TestContext.Current.CancellationToken;
        await using var nginx = await NginxLimiter.StartAsync(new NginxRate(1, Burst: 1, PerMinute: true, PerKey: true));
        using var client = new HttpClient { BaseAddress = new Uri(nginx.BaseAddress) };
        foreach (var (number, key) in ((string[])["a", "b", "a", "b", "a"]).Index())
        {
            using var call = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Key", key }, { "X-Job-Id", $"job {number}" } } };
            using (await client.SendAsync(call, hang)) { }
        }

        var report = await nginx.StopAndReportAsync();

        // One at once and one early for each key, whatever the other does: only the third call of a comes too early.
        Assert.Equal((5, 1, 2, 4), (report.Requests, report.Refused, report.Keys, report.Jobs));
    }
}
