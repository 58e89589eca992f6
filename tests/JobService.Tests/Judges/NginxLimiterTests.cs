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
        await using var nginx = await NginxLimiter.StartAsync(ratePerSecond: 1, burst: 2);
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
}
