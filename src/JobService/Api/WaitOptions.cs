using System.ComponentModel.DataAnnotations;

namespace JobService.Api;

/// <summary>Section <c>JobService:Api</c>: how long a response is held, and how much of all.</summary>
public sealed class WaitOptions
{
    public const string Section = "JobService:Api";

    internal const int MostSeconds = 3_600;

    /// <summary>A client that asks to wait (<c>?wait=</c>, <c>Prefer: wait=</c>) gets its response after this time, however long it has asked for. In seconds: 45, from 1 to 3 600.</summary>
    /// <remarks>Below what proxies stand: HAProxy as Debian ships it cuts after 50 s, nginx and most load balancers of clouds after 60 s.</remarks>
    [Range(1, MostSeconds)]
    public int MaxWaitSeconds { get; set; } = 45;

    /// <summary>
    /// Bytes of pages of JSON in memory at once, from the read until the client has taken them. A page for which there is no room within 2 s ends where it is, with its <c>nextCursor</c>; when it has no item
    /// yet it is refused with 503. One page more is always made to its end. Default 67 108 864 (64 MiB), from 16 777 216 to 1 099 511 627 776.
    /// </summary>
    [Range(16_777_216, 1_099_511_627_776)]
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// When the process takes more memory while more than 1 000 connections and requests of HTTP/2 are open, those that came last are cut, and new ones are closed or refused with 503, until it takes less.
    /// In bytes, default 671 088 640 (640 MiB), from 268 435 456 to 1 099 511 627 776.
    /// </summary>
    [Range(268_435_456, 1_099_511_627_776)]
    public long ShedAboveBytes { get; set; } = 640 * 1024 * 1024;
}
