namespace JobService.Api.Documentation;

/// <summary>Bodies that work on a fresh start, for "Try it out".</summary>
internal static class Examples
{
    public const string Job = """
        { "queue": "default", "payload": { "hello": "world" }, "key": "customer-7", "tags": { "order": "991" } }
        """;

    public const string Batch = """
        { "queue": "default", "onFailure": "continue", "defaults": { "key": "customer-7" }, "jobs": [ { "payload": 1 }, { "payload": 2 }, { "payload": 3 } ] }
        """;

    public const string Lines = "{\"payload\": 1}\n{\"payload\": 2}\n{\"payload\": 3}\n";

    public const string Selection = """
        { "queue": "default", "state": "queued" }
        """;

    public const string FailedSelection = """
        { "queue": "default", "state": "failed" }
        """;

    public const string Queue = """
        { "target": { "kind": "simulated", "latencySeconds": { "min": 0.05, "max": 0.5 }, "failureRate": 0.02, "limit": { "permits": 20, "periodSeconds": 1 } },
          "limits": ["default"], "maxConcurrency": 5, "process": { "kind": "simulated", "cpuSeconds": 1 } }
        """;

    public static readonly IReadOnlyList<NamedExample> Limits =
    [
        new("rate", "50 calls a second, evenly spaced",
            """{ "kind": "rate", "permits": 50, "periodSeconds": 1, "burst": 1, "scope": "shared" }"""),
        new("window", "Never more than 90 000 tokens in any minute, for each key; the answer says what a call has cost",
            """{ "kind": "window", "permits": 90000, "periodSeconds": 60, "scope": "perKey", "weightFrom": "usage.total_tokens" }"""),
        new("calls", "Never more than 500 calls in any minute, whatever the jobs weigh",
            """{ "kind": "window", "permits": 500, "periodSeconds": 60, "counts": "calls" }"""),
        new("named", "Never more than 30 000 input tokens in any minute: of each job what its `weights` give as `inputTokens`",
            """{ "kind": "window", "permits": 30000, "periodSeconds": 60, "counts": "inputTokens", "weightFrom": "usage.input_tokens" }"""),
        new("perKey", "500 calls a minute for each key, ten of them at once after a rest",
            """{ "kind": "rate", "permits": 500, "periodSeconds": 60, "burst": 10, "scope": "perKey" }"""),
        new("concurrency", "Four calls at once, wherever they come from",
            """{ "kind": "concurrency", "permits": 4 }"""),
    ];
}
