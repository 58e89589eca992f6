using JobService.Api.Contracts;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Which results a client wants.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="InInputOrder">gather; otherwise as_completed.</param>
/// <param name="Until">When it has enough.</param>
/// <param name="After">What it has already: an index, or the number of a completion.</param>
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

/// <summary>Reads a batch's results page by page from the store: what has been handed out is held nowhere, what has ended meanwhile is missed by nobody.</summary>
internal sealed class ResultReader(IJobStore store, ResultsRequest wanted)
{
    private long? upTo;

    /// <summary>What has been handed out.</summary>
    public long After { get; private set; } = wanted.After;

    /// <summary>Nothing comes after the page that was last read.</summary>
    public bool IsEnd { get; private set; }

    /// <summary>It is, and what was handed out are some of the results in their order: what follows the last of them is not what is left.</summary>
    public bool IsPart => IsEnd && HoldsBack;

    /// <summary>Gather hands out as soon as the next in the row has ended; whoever wants a part of the results in their order gets them when it is known which.</summary>
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
                upTo = page.Batch.LastCompletion; // with what has ended by then, and no more
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
