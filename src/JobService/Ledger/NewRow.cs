using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A new job with its columns prepared before the turn, so that a failing conversion fails only this job.</summary>
internal sealed record NewRow(NewJob Job)
{
    public string? RequestJson { get; } = Job.Request is { } request ? ColumnJson.Write(request) : null;

    public string? TagsJson { get; } = Job.Tags is { Count: > 0 } tags ? ColumnJson.Write(tags) : null;

    public string? WeightsJson { get; } = Job.Weights is { Count: > 0 } weights ? ColumnJson.Write(weights) : null;

    public long? TimeoutMs { get; } = (long?)Job.Timeout?.TotalMilliseconds;
}
