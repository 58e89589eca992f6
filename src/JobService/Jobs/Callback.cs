namespace JobService.Jobs;

/// <summary>Who is notified when a job or a batch is over.</summary>
/// <param name="Url">Where its summary is POSTed.</param>
/// <param name="Secret">What the summary is signed with: a <see cref="WebhookSecret"/>, or the name of one in the configuration. Never shown.</param>
public sealed record Callback(string Url, HeaderValue Secret)
{
    /// <summary>Scheme, host and port: concurrent sends are limited by it.</summary>
    public string Origin => OriginOf(Url);

    public static string OriginOf(string url) => new Uri(url).GetLeftPart(UriPartial.Authority);

    // The ToString of a record shows its members: the secret must not be shown.
    public override string ToString() => Origin;
}
