// Calls the service with the client that Kiota generates, as its user would: typed bodies in, typed results and typed problems out.
using System.Text;
using JobService.Client;
using JobService.Client.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Http.HttpClientLibrary;

using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider()) { BaseUrl = args[0] };
var client = new JobServiceClient(adapter);

var limit = await client.V1.Limits["kiota"].PutAsync(new LimitDefinition { Kind = LimitDefinition_kind.Concurrency, Permits = 4 });
Check(limit is { Config: { Kind: LimitDefinition_kind.Concurrency, Permits: 4, Scope: LimitScope.Shared }, Learned: null }, "a limit of one kind");
var rate = await client.V1.Limits["kiota-rate"].PutAsync(new LimitDefinition { Kind = LimitDefinition_kind.Rate, Permits = 500, Burst = 10 });
Check(rate is { Config: { Burst: 10, PeriodSeconds: 1 } }, "a limit of another");

var queue = await client.V1.Queues["kiota"].PutAsync(new QueueDefinition
{
    Target = new TargetDefinition { Kind = TargetDefinition_kind.Simulated, LatencySeconds = new LatencyRange { Min = 0, Max = 0 } },
    Limits = ["kiota", "kiota-rate"],
    Process = new ProcessDefinition { Kind = ProcessDefinition_kind.None },
});
Check(queue is { Name: "kiota", MaxConcurrency: 16, Retry.MaxAttempts: 5 }, "a queue with its defaults");

var job = await client.V1.Jobs.PostAsync(
    new SubmitJob { Queue = "kiota", Payload = Numbers(1, 2, 3), Tags = new SubmitJob_tags { AdditionalData = new Dictionary<string, object> { ["client"] = "kiota" } } },
    request => request.Headers.Add("Prefer", "wait=10"));
Check(job is { State: JobState.Succeeded, Weight: 1, FinishedAt: not null } && job.Attempts!.Single().Status == 200, "a finished job");
Check(Echo(job!.Result) is UntypedArray array && array.GetValue().Count() == 3, "the array in its result");
using (var result = await client.V1.Jobs[job.Id!.Value].Result.GetAsync())
    Check(await new StreamReader(result!).ReadToEndAsync() is var text && text.Contains("\"attempt\":1", StringComparison.Ordinal), "the result as bytes");
var list = await client.V1.Jobs.GetAsync(request => (request.QueryParameters.State, request.QueryParameters.Tag) = (JobState.Succeeded, "client:kiota"));
Check(list!.Items!.Any(listed => listed.Id == job.Id), "a list by state");

var batch = await client.V1.Batches.PostAsync(new SubmitBatch
{
    Queue = "kiota",
    Defaults = new SubmitJob { Weight = 2 },
    Jobs = [new SubmitJob { Payload = Numbers(1) }, new SubmitJob { Payload = Numbers(2) }],
});
var page = await client.V1.Batches[batch!.Id!.Value].Results.GetAsync(request => (request.QueryParameters.Order, request.QueryParameters.Wait) = (ResultOrder.Input, 10));
Check(page is { Complete: true } && page.Items!.All(item => Echo(item.Result) is UntypedArray), "the results of a batch");
var jobs = await client.V1.Jobs.GetAsync(request => request.QueryParameters.Batch = batch.Id);
Check(jobs!.Items!.All(one => one is { Weight: 2, Queue: "kiota" }), "the defaults of a batch");

using (var map = await client.V1.Queues["kiota"].Map.PostAsync(new MemoryStream(Encoding.UTF8.GetBytes("{\"payload\":1}\n{\"payload\":2}\n"))))
    Check((await new StreamReader(map!).ReadToEndAsync()).Trim().Split('\n').Length == 3, "a map, line by line");

var signal = await client.V1.Signals["kiota"].PutAsync();
await client.V1.Signals["kiota"].DeleteAsync();
Check(signal is { Set: true, SetAt: not null } && await client.V1.Signals["kiota"].GetAsync() is { Set: false, SetAt: null }, "a signal");

try
{
    await client.V1.Jobs[Guid.NewGuid()].GetAsync();
    Check(false, "a job that is not there");
}
catch (ProblemView refused)
{
    Check(refused is { ResponseStatusCode: 404, Type: "/problems/not-found" } && refused.Message.Contains("There is no job", StringComparison.Ordinal), "a typed problem");
}

Console.WriteLine("Kiota: all calls as they should be");

static UntypedArray Numbers(params int[] numbers) => new(numbers.Select(number => (UntypedNode)new UntypedInteger(number)));

static UntypedNode? Echo(UntypedNode? result) => result is UntypedObject json ? json.GetValue()["echo"] : null;

static void Check(bool holds, string what)
{
    if (!holds)
        throw new InvalidOperationException($"Not as it should be: {what}.");
}
