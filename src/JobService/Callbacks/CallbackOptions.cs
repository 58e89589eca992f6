using System.ComponentModel.DataAnnotations;

namespace JobService.Callbacks;

/// <summary>Section <c>JobService:Callbacks</c>: how receivers are notified that a job or a batch is over.</summary>
/// <remarks>Which addresses may be called, and the timeout for connecting, are settings of <c>JobService:Upstream</c>.</remarks>
public sealed class CallbackOptions
{
    public const string Section = "JobService:Callbacks";

    /// <summary>Timeout of one try, connecting included, in seconds. Default 15, from 0.1 to 300.</summary>
    [Range(0.1, 300)]
    public double TimeoutSeconds { get; set; } = 15;

    /// <summary>Maximum concurrent deliveries; one without a response for 250 ms is no longer counted, until there are 16 times as many of these. Default 16, from 1 to 1 000.</summary>
    /// <remarks>Receivers that are not known to respond get at most three quarters of them, and those that gave no response the last time a quarter.</remarks>
    [Range(1, 1_000)]
    public int MaxConcurrency { get; set; } = 16;

    /// <summary>Maximum concurrent deliveries to one receiver (scheme, host and port). Default 4, from 1 to 1 000.</summary>
    /// <remarks>Only one to a receiver that has not responded yet, or gave no response the last time, so that a dead one takes no more.</remarks>
    [Range(1, 1_000)]
    public int MaxPerReceiver { get; set; } = 4;
}
