namespace JobService.Api.Http;

/// <summary>A query parameter that an endpoint takes: <see cref="QueryGate"/> refuses all others, the OpenAPI document describes these.</summary>
/// <param name="Name">As in the address; case counts.</param>
/// <param name="Type">JSON schema type.</param>
/// <param name="Description">Meaning, unit, default and range.</param>
/// <param name="Values">All values it may have, if they can be listed.</param>
internal sealed record QueryParameter(string Name, string Type, string Description, params string[] Values)
{
    /// <summary>Format of the type in the OpenAPI document, where the usual one of the type does not fit.</summary>
    public string? Format { get; init; }

    /// <summary>Name of the enumeration in the OpenAPI document, where the values are listed: types of clients are called so.</summary>
    public string? Enumeration { get; init; }

    /// <summary>What is wanted of one of the <see cref="Values"/>.</summary>
    public string OneOf => $"one of {string.Join(", ", Values)}.";

    /// <summary>The value that is meant, whatever its case; null when it is none of them.</summary>
    public string? Read(string word) => Values.FirstOrDefault(value => value.Equals(word, StringComparison.OrdinalIgnoreCase));

    public static readonly QueryParameter Wait = new("wait", "number", "Holds the answer until the job ends, at most so many seconds: 0 (default) to what `JobService:Api:MaxWaitSeconds` allows (45); more counts as that.");

    public static readonly QueryParameter OnDisconnect = new("onDisconnect", "string",
        "Only with `Prefer: wait`: what becomes of the job when the client hangs up while it waits. Default: cancel; continue with an `Idempotency-Key`, whose client has said that it will come again.", "cancel", "continue") { Enumeration = "DisconnectAction" };

    public static readonly QueryParameter Queue = new("queue", "string", "Only jobs of this queue.");

    public static readonly QueryParameter State = new("state", "string", "Only jobs in this state.", "queued", "running", "succeeded", "failed", "cancelled") { Enumeration = nameof(Jobs.JobState) };

    public static readonly QueryParameter Key = new("key", "string", "Only jobs with this key; empty for those without one.");

    public static readonly QueryParameter Batch = new("batch", "string", "Only jobs of this batch.") { Format = "uuid" };

    public static readonly QueryParameter StateKey = new("key", "string",
        "The state that jobs of this key meet, empty for those without one. Default: the sum over all keys of a `perKey` limit.");

    public static readonly QueryParameter LearnedKey = new("key", "string", "Only what concerns jobs of this key, empty for those without one. Default: all keys.");

    public static readonly QueryParameter Tag = new("tag", "string", "Only jobs with this tag, as `name:value`.");

    public static readonly QueryParameter Limit = new("limit", "integer", "Jobs a page: 1 to 500. Default: 50.");

    public static readonly QueryParameter Cursor = new("cursor", "string", "The `nextCursor` of the page before.");
}

/// <summary>All query parameters of an endpoint.</summary>
internal sealed record TakesQuery(params IReadOnlyList<QueryParameter> Parameters);
