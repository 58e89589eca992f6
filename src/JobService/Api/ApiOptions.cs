namespace JobService.Api;

/// <summary>Section <c>JobService</c>, as far as the HTTP side is concerned.</summary>
public sealed class ApiOptions
{
    public const string Section = "JobService";

    /// <summary>When set, every call under <c>/v1</c> needs it: <c>Authorization: Bearer …</c>. Default: none, anybody who reaches the port may do anything.</summary>
    public string? ApiKey { get; set; }
}
