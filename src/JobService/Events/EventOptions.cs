using System.ComponentModel.DataAnnotations;

namespace JobService.Events;

/// <summary>Section <c>JobService:Events</c>.</summary>
public sealed class EventOptions
{
    public const string Section = "JobService:Events";

    /// <summary>Seconds without an event after which a stream sends a heartbeat: it shows proxies and clients that the stream is alive. Default 15, from 0.1 to 3 600.</summary>
    [Range(0.1, 3_600)]
    public double HeartbeatSeconds { get; set; } = 15;

    /// <summary>Event streams open at a time; more are refused with 429. Default 10 000, from 1 to 1 000 000.</summary>
    [Range(1, 1_000_000)]
    public int MaxStreams { get; set; } = 10_000;
}
