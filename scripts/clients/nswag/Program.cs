// Calls the service with the client that NSwag generates, as its user would: typed bodies in, typed results and typed problems out.
using System.Text;
using System.Text.Json;
using JobService.Client;

using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
var client = new JobServiceClient(http);

var limit = await client.PutLimitAsync("nswag", new LimitDefinition { Kind = LimitDefinitionKind.Concurrency, Permits = 4 });
Check(limit.Config is { Kind: LimitDefinitionKind.Concurrency, Permits: 4, Scope: LimitScope.Shared } && limit.Learned is null, "a limit of one kind");
Check((await client.PutLimitAsync("nswag-rate", new LimitDefinition { Kind = LimitDefinitionKind.Rate, Permits = 500, Burst = 10 })).Config is { Burst: 10, PeriodSeconds: 1 }, "a limit of another");

var queue = await client.PutQueueAsync("nswag", new QueueDefinition
{
    Target = new TargetDefinition { Kind = TargetDefinitionKind.Simulated, LatencySeconds = new LatencyRange { Min = 0, Max = 0 } },
    Limits = ["nswag", "nswag-rate"],
    Process = new ProcessDefinition { Kind = ProcessDefinitionKind.None },
});
Check(queue is { Name: "nswag", MaxConcurrency: 16 } && queue.Retry.MaxAttempts == 5, "a queue with its defaults");

// A header of a queue is a text, or names a secret: both are written and read back.
var target = (await client.PutQueueAsync("nswag-http", new QueueDefinition
{
    Target = new TargetDefinition { Kind = TargetDefinitionKind.Http, BaseAddress = "https://example.org/", Headers = new Dictionary<string, object> { ["accept"] = "text/plain", ["x-key"] = new { fromConfiguration = "Key" } } },
})).Target;
Check(target.Headers!.Count == 2 && ((JsonElement)target.Headers["x-key"]).GetProperty("fromConfiguration").GetString() == "Key", "headers");

// What is not set is written as null, or not at all: both mean the default.
var job = await client.SubmitJobAsync(new SubmitJob { Queue = "nswag", Payload = new[] { 1, 2, 3 }, Tags = new Dictionary<string, string> { ["client"] = "nswag" } }, prefer: "wait=10", idempotency_Key: Guid.NewGuid().ToString());
Check(job is { State: JobState.Succeeded, Weight: 1 } && job.Attempts!.Single().Status == 200 && job.FinishedAt is not null, "a finished job");
Check(((JsonElement)job.Result!).GetProperty("echo").GetArrayLength() == 3, "the array in its result");
using (var result = await client.GetJobResultAsync(job.Id))
    Check((await JsonDocument.ParseAsync(result.Stream)).RootElement.GetProperty("attempt").GetInt32() == 1, "the result as bytes");
Check((await client.ListJobsAsync(state: JobState.Succeeded, tag: "client:nswag")).Items.Any(listed => listed.Id == job.Id), "a list by state");

var batch = await client.SubmitBatchAsync(new SubmitBatch { Queue = "nswag", Defaults = new SubmitJob { Weight = 2 }, Jobs = [new SubmitJob { Payload = 1 }, new SubmitJob { Payload = 2 }] });
var page = await client.GetBatchResultsAsync(batch.Id, order: ResultOrder.Input, until: Until.All, wait: 10);
Check(page.Complete && page.Items.Select(item => ((JsonElement)item.Result!).GetProperty("echo").GetInt32()).SequenceEqual([1, 2]), "the results of a batch");
Check((await client.ListJobsAsync(batch: batch.Id)).Items.All(one => one is { Weight: 2, Queue: "nswag" }), "the defaults of a batch");

using (var map = await client.MapQueueAsync("nswag", new MemoryStream(Encoding.UTF8.GetBytes("{\"payload\":1}\n{\"payload\":2}\n")), ResultOrder.Input))
    Check((await new StreamReader(map.Stream).ReadToEndAsync()).Trim().Split('\n').Length == 3, "a map, line by line");

Check((await client.SetSignalAsync("nswag")).SetAt is not null && await ClearedAsync(), "a signal");

try
{
    await client.GetJobAsync(Guid.NewGuid());
    Check(false, "a job that is not there");
}
catch (ApiException<ProblemView> refused)
{
    Check(refused is { StatusCode: 404, Result.Type: "/problems/not-found" } && refused.Result.Detail.Contains("There is no job", StringComparison.Ordinal), "a typed problem");
}

Console.WriteLine("NSwag: all calls as they should be");
return;

async Task<bool> ClearedAsync()
{
    await client.ClearSignalAsync("nswag");
    return (await client.GetSignalAsync("nswag")).SetAt is null;
}

static void Check(bool holds, string what)
{
    if (!holds)
        throw new InvalidOperationException($"Not as it should be: {what}.");
}
