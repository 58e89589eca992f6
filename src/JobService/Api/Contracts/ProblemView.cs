namespace JobService.Api.Contracts;

/// <summary>A problem document (RFC 9457).</summary>
public sealed record ProblemView
{
    /// <summary>Stable name of the problem, as the path of its description in this service: <c>/problems/queue-full</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The same for every problem of the type.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened here and what to do about it.</summary>
    public required string Detail { get; init; }

    /// <summary>Everything that is wrong with the request, as far as it is known.</summary>
    public IReadOnlyList<ErrorView>? Errors { get; init; }

    /// <summary>State of the job that does not allow the request.</summary>
    public string? State { get; init; }

    /// <summary>The limit concerned.</summary>
    public string? Limit { get; init; }

    /// <summary>The heaviest job that the limit can ever allow.</summary>
    public int? MaxWeight { get; init; }

    /// <summary>The batch of the upload: it holds the jobs that were accepted.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Jobs of the upload that were accepted, all of them before the line concerned.</summary>
    public long? Accepted { get; init; }

    /// <summary>The line of the upload concerned, from 1.</summary>
    public long? Line { get; init; }
}

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Detail">What is expected, in one sentence.</param>
/// <param name="Pointer">Where in the body: a JSON pointer (RFC 6901), empty for the whole body.</param>
/// <param name="Parameter">The query parameter concerned.</param>
/// <param name="Header">The header concerned.</param>
public sealed record ErrorView(string Detail, string? Pointer = null, string? Parameter = null, string? Header = null);
