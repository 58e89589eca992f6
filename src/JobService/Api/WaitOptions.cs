using System.ComponentModel.DataAnnotations;

namespace JobService.Api;

/// <summary>Section <c>JobService:Api</c>: how long a response is held.</summary>
public sealed class WaitOptions
{
    public const string Section = "JobService:Api";

    internal const int MostSeconds = 3_600;

    /// <summary>A client that asks to wait (<c>?wait=</c>, <c>Prefer: wait=</c>) gets its response after this time, however long it has asked for. In seconds: 45, from 1 to 3 600.</summary>
    /// <remarks>Below what proxies stand: HAProxy as Debian ships it cuts after 50 s, nginx and most load balancers of clouds after 60 s.</remarks>
    [Range(1, MostSeconds)]
    public int MaxWaitSeconds { get; set; } = 45;
}
