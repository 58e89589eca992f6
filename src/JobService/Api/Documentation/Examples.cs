using JobService.Api.Contracts;

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
        new("window", "Never more than 90 000 tokens in any minute, for each key; the response says what a call has cost",
            """{ "kind": "window", "permits": 90000, "periodSeconds": 60, "scope": "perKey", "weightFrom": "usage.total_tokens" }"""),
        new("calls", "Never more than 500 calls in any minute, whatever the jobs weigh",
            """{ "kind": "window", "permits": 500, "periodSeconds": 60, "counts": "calls" }"""),
        new("named", "Never more than 30 000 input tokens in any minute, as given by `inputTokens` in the `weights` of each job",
            """{ "kind": "window", "permits": 30000, "periodSeconds": 60, "counts": "inputTokens", "weightFrom": "usage.input_tokens" }"""),
        new("perKey", "500 calls a minute for each key, ten of them at once after a rest",
            """{ "kind": "rate", "permits": 500, "periodSeconds": 60, "burst": 10, "scope": "perKey" }"""),
        new("concurrency", "Four calls at once, from all queues together",
            """{ "kind": "concurrency", "permits": 4 }"""),
    ];

    /// <summary>Example responses, by type.</summary>
    public static readonly IReadOnlyDictionary<Type, string> OfResponses = new Dictionary<Type, string>
    {
        [typeof(JobView)] = $$"""
            { {{Succeeded}}, "tags": { "order": "991" }, "result": { "jobId": "{{JobId}}", "attempt": 1, "echo": { "hello": "world" } },
              "response": { "status": 200, "contentType": "application/json" },
              "attempts": [ { "number": 1, "startedAt": "2026-03-02T10:15:00.2Z", "endedAt": "2026-03-02T10:15:00.3Z", "status": 200, "outcome": "succeeded" } ], {{Links}} }
            """,
        [typeof(JobList)] = $$"""
            { "items": [ { {{Succeeded}}, {{Links}} } ], "nextCursor": "AaItYMUYcAKIDUgpYVVnk1W9" }
            """,
        [typeof(CancelledJobs)] = """{ "matched": 12, "cancelled": 10, "stopping": 2 }""",
        [typeof(RequeuedJobs)] = """{ "matched": 12, "requeued": 12 }""",
        [typeof(BatchView)] = $$"""
            { "id": "{{BatchId}}", "state": "running", "queue": "default", "onFailure": "continue", "total": 3,
              "counts": { "queued": 1, "running": 1, "succeeded": 1, "failed": 0, "cancelled": 0 }, "progress": 0.3333, "etaSeconds": 0.4, "createdAt": "2026-03-02T10:15:00Z",
              "links": { "self": "/v1/batches/{{BatchId}}", "results": "/v1/batches/{{BatchId}}/results", "jobs": "/v1/jobs?batch={{BatchId}}", "cancel": "/v1/batches/{{BatchId}}/cancel" } }
            """,
        [typeof(ResultPage)] = $$"""
            { "items": [ { "index": 0, "id": "{{JobId}}", "state": "succeeded", "completion": 1, "result": { "jobId": "{{JobId}}", "attempt": 1, "echo": 1 } } ], "complete": true }
            """,
        [typeof(QueueView)] = $$"""
            { {{DefaultQueue}}, "counts": { "queued": 3, "running": 1, "succeeded": 40, "failed": 0, "cancelled": 0 }, "ratePerSecond": 19.8 }
            """,
        [typeof(QueueList)] = $$"""{ "items": [ { {{DefaultQueue}} } ] }""",
        [typeof(LimitView)] = $$"""{ {{DefaultLimit}}, "state": { "taken": 19, "available": 1, "waiting": 3 } }""",
        [typeof(LimitList)] = $$"""{ "items": [ { {{DefaultLimit}} } ] }""",
        [typeof(SignalView)] = """{ "name": "release", "set": true, "setAt": "2026-03-02T10:15:00Z", "waiting": 0 }""",
        [typeof(DeliveryView)] = $"{{ {Delivery} }}",
        [typeof(DeliveryList)] = $"{{ \"items\": [ {{ {Delivery} }} ] }}",
        [typeof(HealthView)] = """{ "status": "ok" }""",
    };

    private const string JobId = "019a3c5e-7d2c-7c4e-9d0a-1f6b2f0d9a11";

    private const string BatchId = "019a3c60-0b1f-7a35-8f27-5d1c4e9b7a02";

    private const string Succeeded = $$"""
        "id": "{{JobId}}", "queue": "default", "state": "succeeded", "key": "customer-7", "priority": 0, "weight": 1, "attempt": 1, "failures": 0, "maxAttempts": 5,
        "createdAt": "2026-03-02T10:15:00Z", "startedAt": "2026-03-02T10:15:00.2Z", "finishedAt": "2026-03-02T10:15:00.3Z"
        """;

    private const string Links = $$"""
        "links": { "self": "/v1/jobs/{{JobId}}", "result": "/v1/jobs/{{JobId}}/result", "queue": "/v1/queues/default" }
        """;

    private const string DefaultQueue = """
        "name": "default", "paused": false, "target": { "kind": "simulated", "latencySeconds": { "min": 0.05, "max": 0.2 }, "failureRate": 0 }, "limits": ["default"], "share": 1, "keyShares": {},
        "throttledBy": [], "keepHeaders": [], "maxConcurrency": 5, "capacity": 1000000, "timeoutSeconds": 30,
        "retry": { "maxAttempts": 5, "baseSeconds": 1, "maxSeconds": 300, "giveUpAfterSeconds": 86400 }, "process": { "kind": "none" }
        """;

    private const string DefaultLimit = """
        "name": "default", "config": { "kind": "rate", "permits": 20, "periodSeconds": 1, "burst": 1, "counts": "weight", "scope": "shared" }, "learned": null
        """;

    private const string Delivery = """
        "id": "019a3c61-5a44-7d11-93c2-0f5f4b8e6d33", "type": "job.succeeded", "url": "https://example.org/jobs-done", "state": "delivered", "createdAt": "2026-03-02T10:15:00.3Z",
        "attempts": [ { "number": 1, "at": "2026-03-02T10:15:00.3Z", "status": 204, "durationSeconds": 0.08 } ]
        """;
}
