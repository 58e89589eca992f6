using System.ComponentModel.DataAnnotations;

namespace JobService.Callbacks;

/// <summary>Section <c>JobService:Callbacks</c>: how receivers are told that a job or a batch is over.</summary>
/// <remarks>Which addresses may be called, and how long connecting may take, is <c>JobService:Upstream</c>'s to say.</remarks>
public sealed class CallbackOptions
{
    public const string Section = "JobService:Callbacks";

    /// <summary>Bound of one try, connecting included, in seconds. Default 15, from 0.1 to 300.</summary>
    [Range(0.1, 300)]
    public double TimeoutSeconds { get; set; } = 15;

    /// <summary>Deliveries sent at once, at most; one without an answer for 250 ms counts no more, until there are 16 times as many of these. Default 16, from 1 to 1 000.</summary>
    /// <remarks>Receivers that are not known to answer get three quarters of them, and those that gave no answer the last time a quarter.</remarks>
    [Range(1, 1_000)]
    public int MaxConcurrency { get; set; } = 16;

    /// <summary>Deliveries sent at once to one receiver (scheme, host and port), at most. Default 4, from 1 to 1 000.</summary>
    /// <remarks>One alone to a receiver that has not answered yet, or gave no answer the last time: a dead one holds no more.</remarks>
    [Range(1, 1_000)]
    public int MaxPerReceiver { get; set; } = 4;
}
