namespace JobService.Api.Documentation;

/// <summary>Texts of the OpenAPI document that are longer than a line.</summary>
internal static class Descriptions
{
    public const string Service = """
        A durable, rate-limited job service: post calls to an API as jobs, and each is made at the first moment the limits allow.

        * A job that was answered 202 is never lost.
        * Errors are problem documents (RFC 9457); each `type` is served under `/problems/{name}`.
        * Times are RFC 3339 in UTC; durations are numbers with the unit in the name; ids are UUIDv7.
        * Unknown fields, duplicate fields and unknown query parameters are refused.
        * Answers are JSON whatever `Accept` says, except a job's result, which has its own content type.
        """;

    public const string Submit = """
        Takes a job in. The answer comes after the commit: a job that was answered 202 is never lost.

        With `Prefer: wait=20` the answer is held until the job ends: 200 with the finished job, or 202 when the time runs out. A client that hangs up while
        it waits cancels the job, unless `?onDisconnect=continue` is given.
        """;

    public const string PutQueue = """
        Replaces the whole queue: what is left out has its default. Effective within a second. `If-Match` makes sure that nobody else's change is overwritten.

        A header's value may name a secret of the configuration: `{"fromConfiguration": "GitHubToken"}` stands for `JobService:Secrets:GitHubToken`. Plain values
        of credentials are shown as `"***"`, which is refused as a value.
        """;
}
