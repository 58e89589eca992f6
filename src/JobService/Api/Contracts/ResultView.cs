using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>How one job of a batch ended.</summary>
public sealed record ResultView : ILinked<ResultView>
{
    /// <summary>The job's place in the batch, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The job's id.</summary>
    public required Guid Id { get; init; }

    /// <summary><c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required JobState State { get; init; }

    /// <summary>Its completion number in the batch, from 1: a stream in the order of completion resumes after it. A job that is retried gets a new one.</summary>
    public required long Completion { get; init; }

    /// <summary>The response body after processing, as in the job; beyond 64 KiB, or 32 levels of JSON, only <c>links.result</c>.</summary>
    public RawJson? Result { get; init; }

    /// <summary>Status, content type and kept headers of the response behind the result; only where the queue's <c>keepHeaders</c> has kept some.</summary>
    public ResponseView? Response { get; init; }

    /// <summary>Why the job failed.</summary>
    public JobErrorView? Error { get; init; }

    /// <summary>Why the job was cancelled.</summary>
    public CancelReason? CancelReason { get; init; }

    /// <summary>Only when the result is too large, or nested too deeply, to be inline.</summary>
    public ResultLinks? Links { get; init; }

    ResultView ILinked<ResultView>.Under(string pathBase) => Under(pathBase);

    internal ResultView Under(string pathBase) => Links is null || pathBase.Length == 0 ? this : this with { Links = new ResultLinks(pathBase + Links.Result) };

    internal static ResultView Of(BatchResult result)
    {
        var inline = ResultJson.Of(result.Result);
        return new ResultView
        {
            Index = result.Index,
            Id = result.Job.Value,
            State = result.State,
            Completion = result.Completion,
            Result = inline,
            Response = result.Result is { Headers: not null } kept ? ResponseView.Of(kept) : null,
            Error = result is { State: JobState.Failed, Error: { } error } ? new JobErrorView(error.Type, error.Title, error.Status, error.Detail) : null,
            CancelReason = result.CancelReason,
            Links = inline is null && result.Result is { Length: > 0 } ? new ResultLinks($"/v1/jobs/{result.Job}/result") : null,
        };
    }
}

/// <summary>Where to read a result that is too large to be inline.</summary>
/// <param name="Result">The result as raw bytes.</param>
public sealed record ResultLinks(string Result);

/// <summary>A page of a batch's results.</summary>
/// <param name="Items">The results, in the order asked for.</param>
/// <param name="Complete">The batch is over, and this is the last page.</param>
/// <param name="NextCursor">Pass it as <c>?cursor=</c> to get what follows, now or later; left out when the page is complete, and at the end of a part in input order.</param>
public sealed record ResultPage(IReadOnlyList<ResultView> Items, bool Complete, string? NextCursor);

/// <summary>The last line of a stream: without it the connection was cut.</summary>
/// <param name="Summary">The state of the batch at the end of the stream.</param>
public sealed record ResultSummary(SummaryView Summary);

/// <summary>A batch in numbers.</summary>
/// <param name="State">The state of the batch.</param>
/// <param name="Total">Jobs that were accepted.</param>
/// <param name="Queued">Waiting, for whatever reason.</param>
/// <param name="Running">Started and not over.</param>
/// <param name="Succeeded">Ended well.</param>
/// <param name="Failed">Ended badly.</param>
/// <param name="Cancelled">Cancelled by request, because another job failed, or because the client hung up.</param>
public sealed record SummaryView(BatchState State, long Total, long Queued, long Running, long Succeeded, long Failed, long Cancelled)
{
    internal static SummaryView Of(Batch batch) =>
        new(batch.State, batch.Total, batch.Queued, batch.Running, batch.Succeeded, batch.Failed, batch.Cancelled);
}
