using System.Text.Json;
using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>Many jobs at once, whose results are read together: all of them are taken in, or none.</summary>
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

    /// <summary>What becomes of the others when a job fails: <c>continue</c> (default), or <c>cancel</c> with the reason <c>batch</c>.</summary>
    public OnFailure OnFailure { get; set; }

    /// <summary>Fields for every job that does not give them itself: any of a job's.</summary>
    public JsonElement Defaults { get; set; }

    /// <summary>The jobs, each as in <c>POST /v1/jobs</c>. At most 10 000; send more as NDJSON. Required.</summary>
    public required IReadOnlyList<JsonElement> Jobs { get; set; }

    /// <summary>Who is told when the last job of the batch has ended. Default: nobody. A callback among the <c>defaults</c> is one for each job.</summary>
    public SubmitCallback? Callback { get; set; }

    /// <param name="count">How many jobs it has: they are read one after the other, aside.</param>
    internal IEnumerable<Violation> Check(int count)
    {
        if (!Names.IsName(Queue))
            yield return new Violation("/queue", $"A queue's name: {Names.Wanted}.");
        if (count > MaxJobs)
            yield return new Violation("/jobs", $"At most {MaxJobs} jobs, and here are {count}: send more as application/x-ndjson, a job a line.");

        foreach (var violation in Callback?.Check("/callback") ?? [])
            yield return violation;
    }
}

/// <summary>What becomes of the other jobs of a batch when one fails.</summary>
public enum OnFailure
{
    Continue,
    Cancel,
}
