using System.Buffers;
using System.ComponentModel.DataAnnotations;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>Section <c>JobService:Proxy</c>: reverse proxies in front of this service.</summary>
public sealed class ProxyOptions : IValidatableObject
{
    public const string Section = "JobService:Proxy";

    private static readonly SearchValues<char> PathCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    /// <summary>The base path under which clients reach the service, such as <c>/jobservice</c>: <c>Location</c>, links and the OpenAPI document begin with it, whether the proxy strips it from the
    /// requests or not. Default: none.</summary>
    public string PathBase { get; set; } = "";

    /// <summary>Addresses and networks of proxies, such as <c>10.0.0.7</c>, <c>127.0.0.1</c> or <c>10.0.0.0/8</c>, whose <c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c> and
    /// <c>-Prefix</c> are trusted. Default: none.</summary>
    public string[] Trusted { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PathBase.Length > 0 && !IsPathBase(PathBase))
            yield return new ValidationResult($"'{PathBase}' is no path that begins with one slash and ends without one, as /jobservice: letters, digits, - . _ ~ and / only.", [nameof(PathBase)]);
        foreach (var fault in Trusted.Select(one => NetworkText.Read(one).Fault).OfType<string>())
            yield return new ValidationResult($"{fault} Addresses and networks are written as 10.0.0.7 or 10.0.0.0/8.", [nameof(Trusted)]);
    }

    /// <summary>A base path to which other paths can be appended safely: <c>//elsewhere</c> would be another host.</summary>
    internal static bool IsPathBase(string path) =>
        path.StartsWith('/') && !path.EndsWith('/') && !path.Contains("//", StringComparison.Ordinal) && !path.AsSpan().ContainsAnyExcept(PathCharacters)
        && !path.Split('/').Any(segment => segment is "." or "..");
}
