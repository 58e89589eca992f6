using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

public sealed class StorageJsonTests
{
    [Fact]
    public void A_row_from_before_a_field_was_added_reads_its_default()
    {
        var queue = ColumnJson.ReadQueue("""{"target": {"kind": "simulated"}}""");
        var limit = Assert.IsType<RateDefinition>(ColumnJson.ReadLimit("""{"kind": "rate", "permits": 5}"""));
        var request = ColumnJson.ReadRequest("""{"path": "/x"}""");

        Assert.Equal((16, 1_000_000, 30.0, 5), (queue.MaxConcurrency, queue.Capacity, queue.TimeoutSeconds, queue.Retry.MaxAttempts));
        Assert.Equal((1.0, 1), (limit.PeriodSeconds, limit.Burst));
        Assert.Equal("POST", request.Method);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var queue = new QueueDefinition
        {
            Target = new HttpTarget
            {
                BaseAddress = "https://api.example.com",
                Headers = new Dictionary<string, HeaderValue>
                {
                    ["accept"] = new HeaderValue.Text("*/*"),
                    ["authorization"] = new HeaderValue.FromConfiguration("Token"),
                },
            },
            Limits = ["a"],
            Process = new SimulatedProcessing { CpuSeconds = 0.5 },
        };

        var json = ColumnJson.Write(queue);

        Assert.Equal(json, ColumnJson.Write(ColumnJson.ReadQueue(json)));
        Assert.Equal(new HeaderValue.FromConfiguration("Token"), ((HttpTarget)ColumnJson.ReadQueue(json).Target).Headers["authorization"]);
    }
}
