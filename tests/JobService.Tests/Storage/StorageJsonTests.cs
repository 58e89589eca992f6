using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

public sealed class StorageJsonTests
{
    [Fact]
    public void A_row_from_before_a_field_was_added_reads_its_default()
    {
        var queue = StorageJson.ReadQueue("""{"target": {"kind": "simulated"}}""");
        var limit = Assert.IsType<RateDefinition>(StorageJson.ReadLimit("""{"kind": "rate", "permits": 5}"""));
        var request = StorageJson.ReadRequest("""{"path": "/x"}""");

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

        var json = StorageJson.Write(queue);

        Assert.Equal(json, StorageJson.Write(StorageJson.ReadQueue(json)));
        Assert.Equal(new HeaderValue.FromConfiguration("Token"), ((HttpTarget)StorageJson.ReadQueue(json).Target).Headers["authorization"]);
    }
}
