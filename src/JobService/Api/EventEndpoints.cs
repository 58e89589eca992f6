using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Events;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>The live view: streams of events as they happen.</summary>
internal static class EventEndpoints
{
    /// <summary>Seconds after which a client may try again: a stream ends when its client disconnects, which frees a place.</summary>
    private static readonly TimeSpan RoomComesBack = TimeSpan.FromSeconds(5);

    public static void MapEvents(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/events", AllAsync).WithName("watchEvents").WithTags("Events")
            .WithSummary("Follow events as they happen")
            .WithDescription(Descriptions.Events)
            .WithMetadata(EventQuery.Takes).TakesHeaders(RequestHeader.LastEventId)
            .Returns<string>(StatusCodes.Status200OK, "A stream that stays open.", MediaTypes.EventStream)
            .Refuses(ProblemType.QueueFull, ProblemType.Draining);

        v1.MapGet("/jobs/{id}/events", OfJobAsync).WithName("watchJob").WithTags("Jobs")
            .WithSummary("Follow a job")
            .WithDescription(Descriptions.JobEvents).TakesHeaders(RequestHeader.LastEventId)
            .Returns<string>(StatusCodes.Status200OK, "A stream that ends with the job.", MediaTypes.EventStream)
            .ReturnsEmpty(StatusCodes.Status204NoContent, "`Last-Event-ID` names the end of the job: there is nothing more to come. A browser's `EventSource` stops asking.")
            .Refuses(ProblemType.NotFound, ProblemType.QueueFull, ProblemType.Draining);
    }

    // 200 until the client disconnects · 400 unknown or damaged parameter · 429 too many streams · 503 draining, or the storage cannot be watched
    private static async Task<IResult> AllAsync(HttpContext http, LiveEvents live, IJobStore store, JobWaits waits, TimeProvider time, IOptions<EventOptions> options)
    {
        var (query, refusal) = EventQuery.Read(http.Request);
        if (query is null)
            return refusal!;
        if (waits.IsDraining)
            return Problems.Draining();
        using var events = await live.SubscribeAsync(query.Scope, query.Weight, query.After);
        if (events is null)
            return Problems.QueueFull(RoomComesBack);

        using var stream = await BeginAsync(http, waits, time, options);
        while (!stream.IsOver)
        {
            var page = await events.ReadAsync(stream.Silence, stream.Over);
            if (page.HasGap)
                stream.Write(EventFrame.OfGap(page));
            await KeepWantedAsync(page.Events, query, store);
            foreach (var happened in page.Events)
                stream.Write(happened.ToFrame());
            await stream.FlushAsync();
        }

        return Results.Empty;
    }

    // 200 until the job ends or the client disconnects · 204 the client has seen the end · 404 · 429 · 503
    private static async Task<IResult> OfJobAsync(
        string id, HttpContext http, LiveEvents live, IJobStore store, JobWaits waits, TimeProvider time, IOptions<EventOptions> options)
    {
        if (!JobId.TryParse(id, out var job) || await store.FindAsync(job, 0) is not { } found)
            return Problems.NoJob(id);
        if (waits.IsDraining)
            return Problems.Draining();
        if (found.State.IsFinished())
            return await EndAsync(found, http, waits, time, options);

        using var events = await live.SubscribeAsync(EventScope.OfJob(job));
        if (events is null)
            return Problems.QueueFull(RoomComesBack);
        // It has ended since, and its queue has been deleted too.
        if (!await store.TellAsync(job))
            return await store.FindAsync(job, 0) is { FinishedAt: not null } ended ? await EndAsync(ended, http, waits, time, options) : Problems.NoJob(id);

        using var stream = await BeginAsync(http, waits, time, options);
        await FollowAsync(job, events, stream, store);
        return Results.Empty;
    }

    private static async Task FollowAsync(JobId job, EventSubscription events, EventStream stream, IJobStore store)
    {
        // Events that were in flight before the store read the job are already reflected in its state.
        var isKnown = false;
        while (!stream.IsOver)
        {
            var page = await events.ReadAsync(stream.Silence, stream.Over);
            if (page.HasGap)
            {
                stream.Write(EventFrame.OfGap(page));
                isKnown = false;
                if (!await store.TellAsync(job))
                    return; // the job or its queue was deleted meanwhile: a reconnecting client gets a 404
            }

            foreach (var live in page.Events)
            {
                // The snapshot was sent again for another client; it is no news to this one.
                if (isKnown == (live.Change.Kind == StoreEventKind.JobAsItStands))
                    continue;
                isKnown = true;
                stream.Write(EventFrame.Of(live.At, live.Change, IdOf(live.Change.State, live.Change.Attempt)));
                if (!live.Change.State.IsFinished())
                    continue;
                await stream.FlushAsync();
                return;
            }

            await stream.FlushAsync();
        }
    }

    private static async Task<IResult> EndAsync(Job job, HttpContext http, JobWaits waits, TimeProvider time, IOptions<EventOptions> options)
    {
        var id = IdOf(job.State, job.Attempt);
        if (http.Request.Headers[EventQuery.LastEventId] == id)
            return Results.NoContent();

        using var stream = await BeginAsync(http, waits, time, options);
        stream.Write(EventFrame.Of(job.FinishedAt!.Value, StoreEvent.OfJob(job.Id, job.Queue, job.Key, job.State, job.Attempt, job.Batch?.Batch ?? default, Reason(job)), id));
        await stream.FlushAsync();
        return Results.Empty;
    }

    private static string? Reason(Job job) => job switch
    {
        { State: JobState.Cancelled, CancelReason: { } reason } => WireNames.Of(reason),
        { State: JobState.Failed } => job.Error?.Type,
        _ => null,
    };

    private static string IdOf(JobState state, int attempt) => $"{WireNames.Of(state)}-{attempt}";

    private static Task<EventStream> BeginAsync(HttpContext http, JobWaits waits, TimeProvider time, IOptions<EventOptions> options) =>
        EventStream.BeginAsync(http, time, TimeSpan.FromSeconds(options.Value.HeartbeatSeconds), waits.StopTaking);

    private static async Task KeepWantedAsync(List<LiveEvent> events, EventQuery query, IJobStore store)
    {
        events.RemoveAll(live => !query.Wants(live.Change));
        if (query.Tag is not { } tag || events.Count == 0)
            return;

        // Events do not carry tags: one query looks up a whole page.
        var tagged = await store.WithTagAsync(events.Select(live => live.Change.Job).ToHashSet(), tag);
        events.RemoveAll(live => !tagged.Contains(live.Change.Job));
    }
}
