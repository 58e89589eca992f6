using System.Text.Json;
using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>Many jobs at once, whose results are read together: all of them are accepted, or none.</summary>
public sealed class SubmitBatch
{
    public const int MaxJobs = 10_000;

    private string? queue;

    /// <summary>The queue of the jobs that name none themselves. Default: <c>default</c>.</summary>
    public string Queue
    {
        get => queue ?? "default";
        set => queue = value;
    }

    /// <summary>What happens to the other jobs when one fails: <c>continue</c> (default), or <c>cancel</c> with the reason <c>batch</c>.</summary>
    public OnFailure OnFailure { get; set; }

    /// <summary>Default fields for every job: any of a job's.</summary>
    public JsonElement Defaults { get; set; }

    /// <summary>The jobs, each as in <c>POST /v1/jobs</c>. At most 10 000; send larger batches as NDJSON. Required.</summary>
    public required IReadOnlyList<JsonElement> Jobs { get; set; }

    /// <summary>Who is notified when the last job of the batch has ended. Default: nobody. A callback in the <c>defaults</c> applies to each job.</summary>
    public SubmitCallback? Callback { get; set; }

    /// <param name="count">How many jobs it has: they are read separately, one after the other.</param>
    internal IEnumerable<Violation> Check(int count)
    {
        if (!Names.IsName(Queue))
            yield return new Violation("/queue", $"A queue's name: {Names.Wanted}.");
        if (count > MaxJobs)
            yield return new Violation("/jobs", $"At most {MaxJobs} jobs, and there are {count}: send larger batches as application/x-ndjson, one job per line.");

        foreach (var violation in Callback?.Check("/callback") ?? [])
            yield return violation;
    }
}

/// <summary>What happens to the other jobs of a batch when one fails.</summary>
public enum OnFailure
{
    Continue,
    Cancel,
}
