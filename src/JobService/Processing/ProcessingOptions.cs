using System.ComponentModel.DataAnnotations;

namespace JobService.Processing;

/// <summary>Section <c>JobService:Processing</c>: the CPU work on responses.</summary>
public sealed class ProcessingOptions
{
    public const string Section = "JobService:Processing";

    /// <summary>Responses processed at once. Default 0: one less than the machine has cores, at least 1. From 0 to 1 024.</summary>
    /// <remarks>With as many as there are cores, no CPU time is left for the calls, and they miss their slots.</remarks>
    [Range(0, 1_024)]
    public int MaxConcurrency { get; set; }

    /// <summary>Responses that wait for processing; when the queue is full, the next one blocks its worker. Default 1 000, from 1 to 100 000.</summary>
    [Range(1, 100_000)]
    public int QueueLength { get; set; } = 1_000;
}
