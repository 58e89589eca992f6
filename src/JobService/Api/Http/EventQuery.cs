using System.Globalization;
using JobService.Events;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Api.Http;

/// <summary>The query of an event stream, and where it resumes.</summary>
/// <param name="Queue">Only events of this queue.</param>
/// <param name="Batch">Only events of jobs of this batch.</param>
/// <param name="Tag">Only events of jobs with this tag.</param>
/// <param name="After">Number of the last event that the client has seen.</param>
internal sealed record EventQuery(string? Queue, JobId? Batch, (string Name, string Value)? Tag, long? After)
{
    public const string LastEventId = "Last-Event-ID";

    public static readonly TakesQuery Takes = new(
        QueryParameter.Queue with { Description = "Only events of this queue and its jobs. The queue need not exist yet." },
        QueryParameter.Batch with { Description = "Only events of jobs of this batch." },
        QueryParameter.Tag with { Description = "Only events of jobs with this tag, as `name:value`." });

    /// <summary>Each event of a stream with a tag is looked up in the store.</summary>
    public int Weight => Tag is null ? 1 : 16;

    /// <summary>The narrowest scope that contains all events wanted; <see cref="Wants"/> filters the rest.</summary>
    public EventScope Scope => this switch
    {
        { Batch: { } batch } => EventScope.OfBatch(batch),
        { Queue: { } queue } => EventScope.OfQueue(queue),
        _ => EventScope.All,
    };

    /// <summary>False for an event of the scope that a filter excludes, as far as the event itself shows.</summary>
    public bool Wants(StoreEvent change) => (Queue is null || change.Name == Queue) && (Tag is null || change.Kind == StoreEventKind.Job);

    /// <returns>The query, or the problem with it.</returns>
    public static (EventQuery? Query, IResult? Refusal) Read(HttpRequest request)
    {
        var queue = ListQuery.One(request.Query, "queue");
        if (queue is not null && !Names.IsName(queue))
            return Wrong("queue", $"a queue's name: {Names.Wanted}.");

        JobId? batch = null;
        if (ListQuery.One(request.Query, "batch") is { } id)
        {
            if (!JobId.TryParse(id, out var parsed))
                return Wrong("batch", ListQuery.WantedBatch);
            batch = parsed;
        }

        (string, string)? tag = null;
        if (ListQuery.One(request.Query, "tag") is { } text && (tag = ListQuery.Tag(text)) is null)
            return Wrong("tag", ListQuery.WantedTag);

        var seen = request.Headers[LastEventId].ToString();
        if (seen.Length == 0)
            return (new EventQuery(queue, batch, tag, null), null);
        return long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            ? (new EventQuery(queue, batch, tag, after), null)
            : (null, Problems.Header(LastEventId, "the id of an event of this stream, as it was."));
    }

    private static (EventQuery?, IResult) Wrong(string name, string wanted) => (null, Problems.Parameter(name, wanted));
}
