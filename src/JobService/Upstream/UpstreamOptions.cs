using System.ComponentModel.DataAnnotations;

namespace JobService.Upstream;

/// <summary>Section <c>JobService:Upstream</c>: how calls to APIs are made.</summary>
public sealed class UpstreamOptions
{
    public const string Section = "JobService:Upstream";

    /// <summary>Whether calls may go to addresses that are not public: loopback, private and link-local networks. Default false.</summary>
    /// <remarks>Whoever may create queues or jobs then reaches whatever this machine reaches.</remarks>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>Bytes of an answer's body, at most; a larger one fails the job. Default 10 485 760 (10 MiB), from 1 024 to 1 073 741 824.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxAnswerBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Bound for opening one connection, in seconds. Default 10, from 0.1 to 300.</summary>
    [Range(0.1, 300)]
    public double ConnectTimeoutSeconds { get; set; } = 10;
}
