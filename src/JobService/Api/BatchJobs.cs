using System.Runtime.InteropServices;
using System.Text.Json;
using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;

namespace JobService.Api;

/// <summary>The jobs of a batch in one JSON document, parsed one after the other: the temporary objects of one job are released before the next.</summary>
/// <param name="document">The document.</param>
/// <param name="memory">The memory that its jobs take.</param>
internal sealed class BatchJobs(ReadOnlyMemory<byte> document, BodyMemory memory)
{
    /// <summary>Bytes of all jobs together, each with the defaults filled in.</summary>
    public const int MaxBytes = 32 * JsonBody.MaxBytes;

    private const int MaxReported = 20;

    private static readonly ProblemResponse TooMuch = Problems.JobsTooLarge(
        $"With the defaults filled in, the jobs have more than {MaxBytes} bytes. Send them as application/x-ndjson, one job per line, or put large data elsewhere and submit its address.");

    /// <summary>The batch without its jobs.</summary>
    public SubmitBatch? Batch { get; private set; }

    /// <param name="make">Creates a job from what was submitted and its index.</param>
    /// <returns>The jobs, or everything that is wrong.</returns>
    public async ValueTask<(IReadOnlyList<NewJob> Jobs, ProblemResponse? Refusal)> ReadAsync(Func<SubmitJob, int, NewJob> make)
    {
        if (BatchDocument.Read(document, SubmitBatch.MaxJobs, out var broken) is not { } parts)
            return ([], Problems.Body([broken!]));
        if (parts.Envelope.Length > JsonBody.MaxBytes)
            return ([], Problems.JobsTooLarge($"Apart from its jobs a batch has at most {JsonBody.MaxBytes} bytes. Put large data elsewhere and submit its address."));
        Batch = JsonBody.Read<SubmitBatch>(parts.Envelope.Span, out var faults);
        if (Batch is null)
            return ([], Problems.Body(faults));
        List<Violation> violations = [.. Batch.Check(parts.Count), .. CheckDefaults(Batch.Defaults)];
        if (violations.Count > 0)
            return ([], Problems.Body(violations));

        var defaults = JobDefaults.Of(Batch.Defaults);
        var jobs = new List<NewJob>(parts.Jobs.Count);
        var (bytes, held) = (0L, (long)document.Length);
        for (var i = 0; i < parts.Jobs.Count && violations.Count < MaxReported; i++)
        {
            var json = document[parts.Jobs[i]];
            if (defaults is not null)
                json = defaults.ApplyTo(json, JsonBody.MaxBytes);
            if ((bytes += json.Length) > MaxBytes)
                return ([], TooMuch);
            if (Read(json, i, violations) is not { } job)
                continue;
            if (!job.NamesQueue)
                job.Queue = Batch.Queue;
            jobs.Add(make(job, i));
            held += jobs[^1].MemoryBytes;
            if (!await memory.GrowToAsync(held))
                return ([], Problems.MemoryFull());
        }

        return violations.Count > 0 ? ([], Problems.Body(violations)) : (jobs, null);
    }

    private static SubmitJob? Read(ReadOnlyMemory<byte> json, int index, List<Violation> violations)
    {
        var job = JsonBody.ReadJob(json.Span, out var faults);
        violations.AddRange(faults.Select(fault => fault with { Pointer = $"/jobs/{index}{fault.Pointer}" }));
        return job;
    }

    /// <summary>If the defaults are invalid, no job needs to be read.</summary>
    private static IEnumerable<Violation> CheckDefaults(JsonElement defaults)
    {
        if (defaults.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        var job = JsonBody.Read<SubmitJob>(JsonMarshal.GetRawUtf8Value(defaults), out var faults);
        return (job is null ? faults : job.Check().Where(fault => fault.Pointer != "/payload")).Select(fault => fault with { Pointer = "/defaults" + fault.Pointer });
    }
}
