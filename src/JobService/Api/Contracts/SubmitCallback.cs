using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>Who is notified when a job or a batch is over: its summary is POSTed there, signed according to Standard Webhooks, and retried until it is accepted.</summary>
public sealed class SubmitCallback
{
    /// <summary>An absolute http or https address of at most 2048 characters, without user info and fragment. Required.</summary>
    public string? Url { get; set; }

    /// <summary>What the summary is signed with: <c>whsec_</c> and the base64 of 24 to 64 random bytes, or <c>{"fromConfiguration": "Name"}</c> for
    /// <c>JobService:Secrets:Name</c>. Never shown. Required.</summary>
    public HeaderValue? Secret { get; set; }

    internal IEnumerable<Violation> Check(string at) => CallbackRules.Check(Url, Secret, at);

    internal Callback ToCallback() => new(Url!, Secret!);
}

/// <summary>Who is notified.</summary>
/// <param name="Url">Where the summary is sent.</param>
public sealed record CallbackView(string Url);
