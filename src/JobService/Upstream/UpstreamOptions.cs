using System.ComponentModel.DataAnnotations;

namespace JobService.Upstream;

/// <summary>Section <c>JobService:Upstream</c>: how calls to APIs are made.</summary>
public sealed class UpstreamOptions : IValidatableObject
{
    public const string Section = "JobService:Upstream";

    /// <summary>
    /// Addresses that are not public and may be called: <c>false</c> (the default) none, <c>true</c> those of all private networks, or some, as
    /// <c>10.1.0.0/16, 192.168.7.3</c>. Link-local addresses and those of a cloud's metadata service, as 169.254.169.254, only when named themselves.
    /// </summary>
    /// <remarks>Whoever may create queues or jobs then reaches whatever this machine reaches in them.</remarks>
    public PrivateNetworks AllowPrivateNetworks { get; set; } = PrivateNetworks.None;

    /// <summary>Bytes of an answer's body, at most; a larger one fails the job. Default 10 485 760 (10 MiB), from 1 024 to 1 073 741 824.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxAnswerBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>
    /// Bytes of responses in memory at once, from the first read until they are written down, processing included. What there is no room for is not read on: its call goes on, within its timeout, and keeps its permit.
    /// One response more is always read to its end. As many bytes again are held of payloads and requests beyond 16 KiB, until their calls end. Default 67 108 864 (64 MiB), from 1 048 576 to 1 099 511 627 776.
    /// </summary>
    [Range(1_048_576, 1_099_511_627_776)]
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bound for opening one connection, in seconds. Default 10, from 0.1 to 300.</summary>
    [Range(0.1, 300)]
    public double ConnectTimeoutSeconds { get; set; } = 10;

    /// <summary>
    /// The proxy through which calls and callbacks leave, as <c>http://proxy.example:3128</c> or <c>http://user:password@proxy.example:3128</c>; <c>https</c> for TLS to the proxy itself. Default: none,
    /// whatever the environment says. The addresses of a target's name are checked before the proxy gets it, all of them.
    /// </summary>
    public string? Proxy { get; set; }

    /// <summary>Hosts that are called without the proxy, with all below them, separated by commas: <c>internal.example, 10.1.2.3</c>; <c>*</c> stands for all. Default: none.</summary>
    public string? NoProxy { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AllowPrivateNetworks.Fault is { } fault)
            yield return new ValidationResult(fault, [nameof(AllowPrivateNetworks)]);
        if (OutgoingProxy.Fault(Proxy) is { } wrong)
            yield return new ValidationResult(wrong, [nameof(Proxy)]);
    }
}
