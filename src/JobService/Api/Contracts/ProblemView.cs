namespace JobService.Api.Contracts;

/// <summary>A problem document (RFC 9457).</summary>
public sealed record ProblemView
{
    /// <summary>Stable name of the problem, as the address of its description in this service: <c>/problems/queue-full</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The same for every problem of the type.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened here and what to do about it.</summary>
    public required string Detail { get; init; }

    /// <summary>Everything that is wrong with the request, where it can be told.</summary>
    public IReadOnlyList<ErrorView>? Errors { get; init; }

    /// <summary>State of the job that forbids what was asked for.</summary>
    public string? State { get; init; }

    /// <summary>The limit concerned.</summary>
    public string? Limit { get; init; }

    /// <summary>The heaviest job that the limit can ever allow.</summary>
    public int? MaxWeight { get; init; }

    /// <summary>The batch that an upload was to fill: it holds what was taken in.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Jobs of the upload that were taken in, all of them before the line concerned.</summary>
    public long? Accepted { get; init; }

    /// <summary>The line of the upload that is concerned, from 1.</summary>
    public long? Line { get; init; }
}

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Detail">What is wanted, in one sentence.</param>
/// <param name="Pointer">Where in the body: a JSON pointer (RFC 6901), empty for the whole body.</param>
/// <param name="Parameter">The query parameter concerned.</param>
/// <param name="Header">The header concerned.</param>
public sealed record ErrorView(string Detail, string? Pointer = null, string? Parameter = null, string? Header = null);
