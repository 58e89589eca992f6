using JobService.Api.Contracts;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Which results a client wants.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="InInputOrder">gather; otherwise as_completed.</param>
/// <param name="Until">When the client has enough.</param>
/// <param name="After">What the client has already: an index, or a completion number.</param>
internal sealed record ResultsRequest(JobId Batch, bool InInputOrder, Until Until, long After)
{
    public static long Beginning(bool inInputOrder) => inInputOrder ? -1 : 0;
}

/// <summary>When a client has enough: asyncio's return_when.</summary>
internal enum Until
{
    All,
    First,
    FirstFailure,
}

/// <summary>Reads a batch's results page by page from the store: results already returned are not kept in memory, and results that end meanwhile are not missed.</summary>
internal sealed class ResultReader(IJobStore store, ResultsRequest wanted)
{
    private long? upTo;

    /// <summary>What has been handed out.</summary>
    public long After { get; private set; } = wanted.After;

    /// <summary>The last page read was the end.</summary>
    public bool IsEnd { get; private set; }

    /// <summary>The end was reached with a part of the results in input order: what remains does not simply follow the last one returned.</summary>
    public bool IsPart => IsEnd && HoldsBack;

    /// <summary>gather returns results as soon as the next index has ended; a request for a part of the results in input order waits until it is known which they are.</summary>
    private bool HoldsBack => wanted.InInputOrder && wanted.Until != Until.All;

    /// <returns>The next results, none when there are none yet; null when the batch is gone.</returns>
    public async Task<BatchResults?> NextAsync(int limit)
    {
        while (true)
        {
            var page = await store.ResultsAsync(new BatchResultsQuery(
                wanted.Batch, wanted.InInputOrder, After, upTo ?? (HoldsBack ? 0 : long.MaxValue), PassHoles: HoldsBack, limit, ResultJson.MaxInlineBytes));
            if (page is null)
                return null;

            if (wanted.Until != Until.All && upTo is null && HasEnough(page.Batch))
            {
                upTo = page.Batch.LastCompletion; // up to the jobs that have ended by now
                if (HoldsBack)
                    continue;
            }

            if (page.Items is [.., var last])
                After = wanted.InInputOrder ? last.Index : last.Completion;
            IsEnd = !page.IsCut && (upTo is not null || page.Batch.IsOver); // as it is now: a retry may have reopened it
            return page;
        }
    }

    private bool HasEnough(Batch batch) => batch.IsOver || wanted.Until switch
    {
        Until.First => wanted.InInputOrder ? batch.Ended > 0 : batch.LastCompletion > wanted.After,
        Until.FirstFailure => batch.Failed > 0,
        Until.All => false,
    };
}
