using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Auditor;

/// <summary>A line of a history: what a client, the target, a process or the database was seen to do.</summary>
/// <remarks>Requests are stamped before they are sent and responses after they have come, by clients and target alike: what lies between two stamps happened between them.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LimitDefined), "limit")]
[JsonDerivedType(typeof(QueueDefined), "queue")]
[JsonDerivedType(typeof(Submit), "submit")]
[JsonDerivedType(typeof(Submitted), "submitted")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(CancelResponse), "cancelResponse")]
[JsonDerivedType(typeof(Seen), "seen")]
[JsonDerivedType(typeof(Results), "results")]
[JsonDerivedType(typeof(Arrived), "arrived")]
[JsonDerivedType(typeof(Answered), "answered")]
[JsonDerivedType(typeof(Broken), "broken")]
[JsonDerivedType(typeof(Kill), "kill")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Exited), "exited")]
[JsonDerivedType(typeof(JobAtEnd), "job")]
[JsonDerivedType(typeof(LimitAtEnd), "limitAtEnd")]
internal abstract record Event
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Milliseconds of one monotonic clock.</summary>
    public double At { get; init; }

    [JsonIgnore]
    public int Line { get; init; }

    [JsonIgnore]
    public string Text { get; init; } = "";
}

/// <param name="Kind"><c>rate</c>, <c>window</c> or <c>concurrency</c>.</param>
internal sealed record LimitDefined(string Name, string Kind, int Permits, double PeriodSeconds = 0, int Burst = 1, bool PerKey = false) : Event;

/// <param name="MaxConcurrency">Calls at once on each node.</param>
internal sealed record QueueDefined(string Name, IReadOnlyList<string> Limits, int MaxConcurrency, int Nodes = 1) : Event;

/// <summary>A client is about to send a job, alone or in a batch.</summary>
/// <param name="Request">The request that carries it; a batch is one request for many jobs.</param>
/// <param name="Number">The client's own name for the job, which the job carries to the end. A repeated submission has the same.</param>
internal sealed record Submit(int Request, int Number, string Queue, string Key = "", int Weight = 1, string? Lock = null, string? IdempotencyKey = null) : Event;

/// <param name="Id">The job; none for a batch.</param>
internal sealed record Submitted(int Request, int Status, string? Id = null, string? Batch = null) : Event;

internal sealed record Cancel(string Id) : Event;

internal sealed record CancelResponse(string Id, int Status) : Event;

/// <summary>A client has seen that a job is over.</summary>
internal sealed record Seen(string Id, string State, string FinishedAt, string? Result = null) : Event;

/// <summary>All that one stream of a batch's results has brought.</summary>
/// <param name="Request">The request that submitted the batch.</param>
/// <param name="Order"><c>input</c> or <c>completion</c>.</param>
/// <param name="Numbers">The jobs' numbers, in the order in which they came.</param>
internal sealed record Results(int Request, string Order, IReadOnlyList<int> Numbers) : Event;

/// <summary>The target has received a call.</summary>
/// <param name="Call">The target's own number.</param>
/// <param name="Id">X-Job-Id.</param>
/// <param name="Attempt">X-Job-Attempt.</param>
/// <param name="IdempotencyKey">Idempotency-Key.</param>
internal sealed record Arrived(int Call, string Id, int Attempt, string IdempotencyKey) : Event;

/// <summary>The target is about to answer a call.</summary>
/// <param name="Body">Different for each call.</param>
internal sealed record Answered(int Call, int Status, string? Body = null, double RetryAfterSeconds = 0) : Event;

/// <summary>The connection ended before the answer.</summary>
internal sealed record Broken(int Call) : Event;

/// <summary>SIGKILL is about to be sent to a node.</summary>
internal sealed record Kill(int Node) : Event;

/// <summary>SIGTERM is about to be sent to a node.</summary>
internal sealed record Stop(int Node) : Event;

/// <summary>A node that was killed or told to stop has ended.</summary>
internal sealed record Exited(int Node, int Code) : Event;

/// <summary>A job that the database holds when all is over.</summary>
internal sealed record JobAtEnd(
    string Id, int Number, string State, int Attempt, int Failures, string? FinishedAt = null, string? CancelReason = null, string? Result = null) : Event;

/// <param name="Taken">Permits taken when all jobs are over.</param>
internal sealed record LimitAtEnd(string Name, int Taken) : Event;
