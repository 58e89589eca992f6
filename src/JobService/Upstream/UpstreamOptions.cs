using System.ComponentModel.DataAnnotations;

namespace JobService.Upstream;

/// <summary>Section <c>JobService:Upstream</c>: how calls to APIs are made.</summary>
public sealed class UpstreamOptions : IValidatableObject
{
    public const string Section = "JobService:Upstream";

    /// <summary>
    /// Private addresses that may be called: <c>false</c> (the default) none, <c>true</c> those of all private networks, or some, such as
    /// <c>10.1.0.0/16, 192.168.7.3</c>. Link-local addresses and those of cloud metadata services, such as 169.254.169.254, only when named explicitly.
    /// </summary>
    /// <remarks>Whoever may create queues or jobs can then reach everything that this machine reaches in these networks.</remarks>
    public PrivateNetworks AllowPrivateNetworks { get; set; } = PrivateNetworks.None;

    /// <summary>Maximum bytes of a response body; a larger one fails the job. Default 10 485 760 (10 MiB), from 1 024 to 1 073 741 824.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxResponseBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>
    /// Bytes of responses in memory at once, from the first read until they are stored, processing included. When the budget is used up, a response is not read further: its call continues, within its timeout, and keeps its permit.
    /// One response beyond the budget is always read to its end. The same number of bytes is allowed for payloads and requests above 16 KiB, until their calls end. Default 67 108 864 (64 MiB), from 1 048 576 to 1 099 511 627 776.
    /// </summary>
    [Range(1_048_576, 1_099_511_627_776)]
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Timeout for opening one connection, in seconds. Default 10, from 0.1 to 300.</summary>
    [Range(0.1, 300)]
    public double ConnectTimeoutSeconds { get; set; } = 10;

    /// <summary>
    /// The proxy for calls and callbacks, such as <c>http://proxy.example:3128</c> or <c>http://user:password@proxy.example:3128</c>; <c>https</c> for TLS to the proxy itself. Default: none,
    /// whatever the environment says. All addresses of a target's name are checked before it is passed to the proxy.
    /// </summary>
    public string? Proxy { get; set; }

    /// <summary>Hosts that are called without the proxy, including their subdomains, separated by commas: <c>internal.example, 10.1.2.3</c>; <c>*</c> means all. Default: none.</summary>
    public string? NoProxy { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AllowPrivateNetworks.Fault is { } fault)
            yield return new ValidationResult(fault, [nameof(AllowPrivateNetworks)]);
        if (OutgoingProxy.Fault(Proxy) is { } wrong)
            yield return new ValidationResult(wrong, [nameof(Proxy)]);
    }
}
