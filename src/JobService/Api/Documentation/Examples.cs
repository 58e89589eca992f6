namespace JobService.Api.Documentation;

/// <summary>Bodies that work on a fresh start, for "Try it out".</summary>
internal static class Examples
{
    public const string Job = """
        { "queue": "default", "payload": { "hello": "world" }, "key": "customer-7", "tags": { "order": "991" } }
        """;

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

    public const string Limit = """
        { "kind": "rate", "permits": 50, "periodSeconds": 1, "burst": 1, "scope": "shared" }
        """;
}
