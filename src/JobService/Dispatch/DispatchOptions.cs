using System.ComponentModel.DataAnnotations;

namespace JobService.Dispatch;

/// <summary>Section <c>JobService:Dispatch</c>.</summary>
public sealed class DispatchOptions
{
    public const string Section = "JobService:Dispatch";

    /// <summary>Seconds that running jobs get to finish at a shutdown; then they are stopped and queued again. Default 25, from 0 to 3 600.</summary>
    [Range(0, 3_600)]
    public double GraceSeconds { get; set; } = 25;

    /// <summary>Maximum outcomes of attempts written in one transaction. Default 500, from 1 to 5 000.</summary>
    [Range(1, 5_000)]
    public int OutcomesPerCommit { get; set; } = 500;
}
