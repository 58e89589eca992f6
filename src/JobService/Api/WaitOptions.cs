using System.ComponentModel.DataAnnotations;

namespace JobService.Api;

/// <summary>Section <c>JobService:Api</c>: how long responses are held, and the memory they may take.</summary>
public sealed class WaitOptions
{
    public const string Section = "JobService:Api";

    internal const int MostSeconds = 3_600;

    /// <summary>A client that asks to wait (<c>?wait=</c>, <c>Prefer: wait=</c>) gets its response after this time at the latest. In seconds: 45, from 1 to 3 600.</summary>
    /// <remarks>Below the timeouts of proxies: HAProxy as Debian ships it cuts after 50 s, nginx and most cloud load balancers after 60 s.</remarks>
    [Range(1, MostSeconds)]
    public int MaxWaitSeconds { get; set; } = 45;

    /// <summary>
    /// Bytes of JSON pages in memory at once, from the read until the client has received them. A page that gets no memory within 2 s ends early, with its <c>nextCursor</c>; if it has no item
    /// yet, it is refused with 503. One page beyond the budget is always completed. Default 67 108 864 (64 MiB), from 16 777 216 to 1 099 511 627 776.
    /// </summary>
    [Range(16_777_216, 1_099_511_627_776)]
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// When the process uses more memory than this while more than 1 000 connections and HTTP/2 requests are open, the latest of them are cut, and new ones are closed or refused with 503, until it uses less.
    /// In bytes, default 671 088 640 (640 MiB), from 268 435 456 to 1 099 511 627 776.
    /// </summary>
    [Range(268_435_456, 1_099_511_627_776)]
    public long ShedAboveBytes { get; set; } = 640 * 1024 * 1024;
}
