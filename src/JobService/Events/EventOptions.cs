using System.ComponentModel.DataAnnotations;

namespace JobService.Events;

/// <summary>Section <c>JobService:Events</c>.</summary>
public sealed class EventOptions
{
    public const string Section = "JobService:Events";

    /// <summary>Seconds without an event after which a stream sends a heartbeat: proxies and clients see that it lives. Default 15, from 0.1 to 3 600.</summary>
    [Range(0.1, 3_600)]
    public double HeartbeatSeconds { get; set; } = 15;

    /// <summary>Streams of events open at a time; one more is refused with 429. Default 10 000, from 1 to 1 000 000.</summary>
    [Range(1, 1_000_000)]
    public int MaxStreams { get; set; } = 10_000;
}
