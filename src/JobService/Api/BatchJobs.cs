using System.Runtime.InteropServices;
using System.Text.Json;
using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;

namespace JobService.Api;

/// <summary>The jobs of a batch in one JSON document.</summary>
internal static class BatchJobs
{
    private const int MaxReported = 20;

    /// <param name="batch">The document.</param>
    /// <param name="jobs">Its jobs, with their defaults and queues.</param>
    /// <returns>All that is wrong; empty when nothing is.</returns>
    public static List<Violation> Read(SubmitBatch batch, out List<SubmitJob> jobs)
    {
        jobs = [];
        List<Violation> violations = [.. batch.Check(), .. CheckDefaults(batch.Defaults)];
        if (violations.Count > 0)
            return violations;

        var defaults = JobDefaults.Of(batch.Defaults);
        for (var i = 0; i < batch.Jobs.Count && violations.Count < MaxReported; i++)
        {
            var json = JsonMarshal.GetRawUtf8Value(batch.Jobs[i]);
            var job = JsonBody.Read<SubmitJob>(defaults is null ? json : defaults.ApplyTo(json.ToArray()).Span, out var faults);
            if (job is not null)
                faults = [.. job.Check()];
            violations.AddRange(faults.Select(fault => fault with { Pointer = $"/jobs/{i}{fault.Pointer}" }));
            if (job is null)
                continue;
            if (!job.NamesQueue)
                job.Queue = batch.Queue;
            jobs.Add(job);
        }

        return violations;
    }

    /// <summary>Wrong by themselves: then no job need be looked at.</summary>
    private static IEnumerable<Violation> CheckDefaults(JsonElement defaults)
    {
        if (defaults.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        var job = JsonBody.Read<SubmitJob>(JsonMarshal.GetRawUtf8Value(defaults), out var faults);
        return (job is null ? faults : job.Check().Where(fault => fault.Pointer != "/payload")).Select(fault => fault with { Pointer = "/defaults" + fault.Pointer });
    }
}
