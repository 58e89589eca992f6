using System.ComponentModel.DataAnnotations;

namespace JobService.Api;

/// <summary>Section <c>JobService</c>, the settings of the HTTP side.</summary>
public sealed class ApiOptions : IValidatableObject
{
    public const string Section = "JobService";

    private const string AnyHost = "*";

    /// <summary>When set, every call under <c>/v1</c> needs it: <c>Authorization: Bearer …</c>. Default: none; anybody who can reach the port has full access.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// Host names that requests on this machine may use without an API key, besides <c>localhost</c> and IP addresses: <c>jobs.example.com</c>,
    /// <c>*.example.com</c>, or <c>*</c> for any. Default: none. When set, they apply to connections from other machines too.
    /// </summary>
    public string[] AllowedHosts { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Most likely a variable that is not set where the key was to come from: the service would be open to all.
        if (ApiKey is "")
            yield return new ValidationResult("The key is empty. Set one, or remove the setting: then anybody who can reach the port has full access.", [nameof(ApiKey)]);
        // Header values are trimmed in transit: no request could ever carry the key.
        if (ApiKey is { Length: > 0 } key && (key.AsSpan().Trim().Length < key.Length || key.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            yield return new ValidationResult("White space around the key, or a character in it that is not visible ASCII: no client could send it. A line break at the end of a file does that.", [nameof(ApiKey)]);
        foreach (var name in AllowedHosts.Where(name => !IsHostName(name)))
            yield return new ValidationResult($"'{name}' is no host name: write it without scheme, port and path, as jobs.example.com, *.example.com, or * for any.", [nameof(AllowedHosts)]);
    }

    private static bool IsHostName(string name) => name == AnyHost || Uri.CheckHostName(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name) != UriHostNameType.Unknown;
}
