namespace JobService.Jobs;

/// <summary>A kind of error that ends an attempt.</summary>
/// <param name="Name">Last part of <c>/problems/{type}</c>. Part of the contract: clients switch on it.</param>
/// <param name="Title">A short phrase, the same for every error of the type.</param>
/// <param name="Meaning">When it happens and what to do.</param>
public sealed record ErrorType(string Name, string Title, string Meaning);

/// <summary>The kinds of errors of attempts: one table for the <c>error</c> of a job and for the page of its type.</summary>
public static class ErrorTypes
{
    /// <summary>The API responded with an error status.</summary>
    public const string Upstream = "upstream-status";

    /// <summary>No complete response came: the connection failed or was cut.</summary>
    public const string Transport = "upstream-unreachable";

    /// <summary>The attempt, call and processing together, took longer than its timeout.</summary>
    public const string Timeout = "timeout";

    /// <summary>The address to which the target's name resolves is not allowed.</summary>
    public const string Blocked = "address-blocked";

    /// <summary>The response was complete, in an unsupported encoding.</summary>
    public const string Unreadable = "response-unreadable";

    /// <summary>The response was larger than the cap.</summary>
    public const string TooLarge = "response-too-large";

    /// <summary>A header of the queue names a secret that the configuration does not have.</summary>
    public const string MissingSecret = "secret-missing";

    /// <summary>429 until the policy gave up.</summary>
    public const string Throttled = "throttled";

    /// <summary>The service crashed during the attempt.</summary>
    public const string Crash = "crash";

    /// <summary>Processing of the response failed.</summary>
    public const string Processing = "processing-failed";

    /// <summary>Every type there is.</summary>
    public static IReadOnlyList<ErrorType> All { get; } =
    [
        new(Upstream, "The API responded with an error status", "The job's error keeps the status and up to 4 KiB of the response."),
        new(Transport, "No complete response from the API", "The connection failed or was cut. Such attempts are retried."),
        new(Timeout, "Attempt timed out", "Call and processing together exceeded timeoutSeconds. Such attempts are retried."),
        new(Blocked, "Target address not allowed", "It is in a private or reserved network. The operator allows these with JobService:Upstream:AllowPrivateNetworks."),
        new(Unreadable, "Response unreadable",
            "It has a content encoding other than gzip, deflate and br. The API was called. Ask for one of these, or for none, with the header accept-encoding of the queue or the job."),
        new(TooLarge, "Response too large", "Responses are kept up to 10 MiB."),
        new(MissingSecret, "Secret not configured", "A header of the queue names a secret that JobService:Secrets does not have."),
        new(Throttled, "Throttled by the API for too long",
            "The API refused calls (429) for longer than retry.giveUpAfterSeconds, or named a time after that. Lower the limit of the queue to what the API allows."),
        new(Crash, "Service crashed during the attempt", "Whether the call reached the API is unknown: it counts as a failure and is retried."),
        new(Processing, "Processing failed", "The API was called; its response could not be processed or stored. Such attempts are retried."),
    ];

    /// <summary>A type written by another version of the service gets the generic title.</summary>
    public static string TitleOf(string name) => All.FirstOrDefault(type => type.Name == name)?.Title ?? "Attempt failed";
}
