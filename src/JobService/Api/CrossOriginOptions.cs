using System.ComponentModel.DataAnnotations;

namespace JobService.Api;

/// <summary>Section <c>JobService:Cors</c>: which pages may call the API from a browser.</summary>
public sealed class CrossOriginOptions : IValidatableObject
{
    public const string Section = "JobService:Cors";

    /// <summary>Origins whose pages may call everything under <c>/v1</c>, as a browser writes them: <c>https://app.example.com</c>, <c>http://localhost:8000</c>. Default: none; browsers withhold the responses from pages of other origins.</summary>
    public string[] Origins { get; set; } = [];

    // An origin with a trailing slash looks right but never matches.
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Origins.Where(origin => !IsOrigin(origin)).Select(origin =>
            new ValidationResult($"'{origin}' is no origin: scheme, host and port alone, as in https://app.example.com or http://localhost:8000.", [nameof(Origins)]));

    private static bool IsOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && origin == uri.GetLeftPart(UriPartial.Authority);
}
