namespace JobService.Api.Http;

/// <summary>A query parameter that an endpoint accepts: <see cref="QueryGate"/> refuses all others, the OpenAPI document describes these.</summary>
/// <param name="Name">Its case-sensitive name.</param>
/// <param name="Type">JSON schema type.</param>
/// <param name="Description">Meaning, unit, default and range.</param>
/// <param name="Values">All values it may have, if they can be listed.</param>
internal sealed record QueryParameter(string Name, string Type, string Description, params string[] Values)
{
    /// <summary>Format of the type in the OpenAPI document, if it is not the usual one.</summary>
    public string? Format { get; init; }

    /// <summary>Name of the enumeration in the OpenAPI document; generated clients use it as the type name.</summary>
    public string? Enumeration { get; init; }

    /// <summary>Message that lists the <see cref="Values"/>.</summary>
    public string OneOf => $"one of {string.Join(", ", Values)}.";

    /// <summary>The matching value, case-insensitively; null when there is none.</summary>
    public string? Read(string word) => Values.FirstOrDefault(value => value.Equals(word, StringComparison.OrdinalIgnoreCase));

    public static readonly QueryParameter Wait = new("wait", "number", "Holds the response until the job ends, for at most this many seconds: from 0 (default) to `JobService:Api:MaxWaitSeconds` (45); higher values are reduced to that.");

    public static readonly QueryParameter OnDisconnect = new("onDisconnect", "string",
        "Only with `Prefer: wait`: what happens to the job when the client hangs up while it waits. Default: cancel; with an `Idempotency-Key`: continue, because the client may repeat the request.", "cancel", "continue") { Enumeration = "DisconnectAction" };

    public static readonly QueryParameter Queue = new("queue", "string", "Only jobs of this queue.");

    public static readonly QueryParameter State = new("state", "string", "Only jobs in this state.", "queued", "running", "succeeded", "failed", "cancelled") { Enumeration = nameof(Jobs.JobState) };

    public static readonly QueryParameter Key = new("key", "string", "Only jobs with this key; empty for jobs without a key.");

    public static readonly QueryParameter Batch = new("batch", "string", "Only jobs of this batch.") { Format = "uuid" };

    public static readonly QueryParameter StateKey = new("key", "string",
        "The state for jobs of this key; empty for jobs without a key. Default: the sum over all keys of a `perKey` limit.");

    public static readonly QueryParameter LearnedKey = new("key", "string", "Only the state of this key; empty for jobs without a key. Default: all keys.");

    public static readonly QueryParameter Tag = new("tag", "string", "Only jobs with this tag, as `name:value`.");

    public static readonly QueryParameter Limit = new("limit", "integer", "Jobs per page: 1 to 500. Default: 50.");

    public static readonly QueryParameter Cursor = new("cursor", "string", "The `nextCursor` of the page before.");
}

/// <summary>All query parameters of an endpoint.</summary>
internal sealed record TakesQuery(params IReadOnlyList<QueryParameter> Parameters);
