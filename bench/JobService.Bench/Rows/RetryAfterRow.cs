using System.Net;

namespace JobService.Bench.Rows;

/// <summary>The first call is refused with <c>Retry-After</c>: when the next one arrives, of all that wait at the limit.</summary>
internal static class RetryAfterRow
{
    private const int Jobs = 20;

    private static readonly int[] Seconds = [1, 2, 5];
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        // The API's own first answer is compiled before it counts: what arrives is stamped ahead of that.
        using (var warmUp = new StampingApi(response: _ => StampingApi.Answer("200 OK")))
            LoadGenerator.Run(IPEndPoint.Parse(new Uri(warmUp.BaseAddress).Authority), BenchService.Submission("none"), 1, TimeSpan.FromSeconds(10), Jobs).Expecting(200);
        var waits = new List<double>();
        foreach (var seconds in Seconds)
        {
            using var api = new StampingApi(
                response: number => number == 0 ? StampingApi.Answer("429 Too Many Requests", $"Retry-After: {seconds}\r\n") : StampingApi.Answer("200 OK"));
            var queue = $"bench-{seconds}";
            await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = 100 });
            await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress = api.BaseAddress }, limits = Limits });
            await service.RunThroughAsync(queue, Jobs);
            waits.Add(api.Stop()[1].TotalSeconds);
        }

        return new Row(
            $"next call after `Retry-After: {string.Join("`, `", Seconds)}`",
            $"**{string.Join(", ", waits.Select(wait => $"{wait:0.000}"))} s**",
            "never earlier, at most 0.1 n + 1 s later",
            waits.Zip(Seconds).All(pair => pair.First >= pair.Second && pair.First <= (1.1 * pair.Second) + 1));
    }
}
