using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Queues at run time.</summary>
internal static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder v1)
    {
        var queues = v1.MapGroup("/queues").WithTags("Queues");

        queues.MapGet("", List).WithName("listQueues")
            .WithSummary("List queues")
            .Returns<QueueList>(StatusCodes.Status200OK, "All queues, by name.")
            .Refuses();

        queues.MapGet("/{name}", GetAsync).WithName("getQueue")
            .WithSummary("Read a queue")
            .WithDescription(Descriptions.GetQueue)
            .Takes(QueryParameter.LearnedKey)
            .Returns<QueueView>(StatusCodes.Status200OK, "The queue.")
            .Sends(ResponseHeader.ETag)
            .Refuses(ProblemType.NotFound);

        queues.MapPut("/{name}", PutAsync).WithName("putQueue")
            .WithSummary("Create or replace a queue")
            .WithDescription(Descriptions.PutQueue)
            .Takes<QueueDefinition>(Examples.Queue).TakesHeaders(RequestHeader.IfMatch, RequestHeader.IfNoneYet)
            .Returns<QueueView>(StatusCodes.Status200OK, "Replaced.")
            .Returns<QueueView>(StatusCodes.Status201Created, "Created.")
            .Sends(ResponseHeader.ETag, ResponseHeader.Location)
            .Refuses(ProblemType.Outdated, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.UnknownLimit, ProblemType.QueueFull, ProblemType.StorageUnavailable);

        queues.MapDelete("/{name}", DeleteAsync).WithName("deleteQueue")
            .WithSummary("Delete a queue")
            .TakesHeaders(RequestHeader.IfMatch)
            .ReturnsEmpty(StatusCodes.Status204NoContent, "Deleted.")
            .Refuses(ProblemType.NotFound, ProblemType.InUse, ProblemType.Configured, ProblemType.Outdated, ProblemType.StorageUnavailable);

        queues.MapPost("/{name}/pause", (string name, HttpContext http, IJobStore store, ChangeLog changes) => PauseAsync(name, paused: true, http, store, changes)).WithName("pauseQueue")
            .WithSummary("Pause a queue")
            .WithDescription("No further call is started; running calls continue to their end. Jobs are still accepted up to the capacity.")
            .Returns<QueueView>(StatusCodes.Status200OK, "The queue as it is now.")
            .Sends(ResponseHeader.ETag)
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);

        queues.MapPost("/{name}/resume", (string name, HttpContext http, IJobStore store, ChangeLog changes) => PauseAsync(name, paused: false, http, store, changes)).WithName("resumeQueue")
            .WithSummary("Resume a paused queue")
            .Returns<QueueView>(StatusCodes.Status200OK, "The queue as it is now.")
            .Sends(ResponseHeader.ETag)
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);

        queues.MapPost("/{name}/purge", PurgeAsync).WithName("purgeQueue")
            .WithSummary("Cancel the queued jobs of a queue")
            .WithDescription("Every queued job is cancelled with the reason `purge`; running ones continue.")
            .Returns<CancelledJobs>(StatusCodes.Status200OK, "How many were cancelled.")
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);

        queues.MapDelete("/{name}/learned", LiftAsync).WithName("liftQueue")
            .WithSummary("Clear what a queue without limits has learned")
            .WithDescription(Descriptions.LiftQueue)
            .Takes(QueryParameter.LearnedKey)
            .ReturnsEmpty(StatusCodes.Status204NoContent, "The learned state is cleared.")
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);
    }

    private static JsonResponse<QueueList> List(IJobStore store) => new(StatusCodes.Status200OK,
        new QueueList([.. store.Catalog.Queues.Values.OrderBy(queue => queue.Name, StringComparer.Ordinal).Select(queue => QueueView.Of(queue))]));

    // 200 · 400 bad key · 404
    private static async Task<IResult> GetAsync(string name, HttpContext http, IJobStore store)
    {
        if (KeyQuery.Read(http.Request, out var key) is { } refusal)
            return refusal;
        if (!store.Catalog.Queues.TryGetValue(name, out var queue) || await store.CountAsync(name) is not { } counts)
            return Problems.NoQueue(name);

        http.Response.Headers.ETag = EntityTags.Of(queue.Revision);
        var view = QueueView.Of(queue, counts, await store.StartsPerSecondAsync(name)) with { Learned = QueueLearnedView.Of(await store.LearnedAsync(name, key)) };
        return new JsonResponse<QueueView>(StatusCodes.Status200OK, view);
    }

    // 200 replaced · 201 created · 400 · 412 changed meanwhile · 413 · 415 · 422 unknown limit · 429 no memory
    private static async Task<IResult> PutAsync(string name, HttpContext http, IJobStore store, QueueCapacity capacity, IntakeMemory memory, TimeProvider time, ChangeLog changes)
    {
        var current = store.Catalog.Queues.GetValueOrDefault(name)?.Revision;
        var (definition, expected, refusal) = await DefinitionBody<QueueDefinition>.ReadAsync(http, "queue", name, current, memory, time, DefinitionRules.Check);
        if (definition is null)
            return refusal!;

        var outcome = await store.PutQueueAsync(name, definition, expected);
        changes.Put(http, outcome);
        return outcome.Match<IResult>(
            created: made =>
            {
                http.Response.Headers.Location = http.Request.Reached($"/v1/queues/{name}");
                return Response(StatusCodes.Status201Created, made, http);
            },
            replaced: (replaced, former) =>
            {
                if (replaced.Definition.Capacity > former.Definition.Capacity)
                    capacity.Widen(name);
                return Response(StatusCodes.Status200OK, replaced, http);
            },
            outdated: Problems.Outdated,
            unknownLimit: Problems.UnknownLimit);
    }

    // 204 · 404 · 409 unfinished jobs, or configured · 412
    private static async Task<IResult> DeleteAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (!store.Catalog.Queues.TryGetValue(name, out var queue))
            return Problems.NoQueue(name);
        var (refusal, expected) = Conditional.Ask(http.Request, queue.Revision);
        if (refusal is not null)
            return refusal;

        var outcome = await store.DeleteQueueAsync(name, expected);
        if (outcome == DeleteOutcome.Deleted)
            changes.Note(http, "Queue", name, "deleted");
        return outcome switch
        {
            DeleteOutcome.Deleted => Results.NoContent(),
            DeleteOutcome.NotFound => Problems.NoQueue(name),
            DeleteOutcome.Outdated => Problems.Outdated(store.Catalog.Queues.GetValueOrDefault(name)?.Revision),
            DeleteOutcome.InUse => Problems.InUse($"Queue '{name}' has unfinished jobs. Wait for them, or cancel them: POST /v1/jobs/cancel with {{\"queue\": \"{name}\"}}."),
            DeleteOutcome.FromConfiguration => Problems.Configured(name),
        };
    }

    // 200 · 404
    private static async Task<IResult> PauseAsync(string name, bool paused, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (await store.PauseAsync(name, paused) is not { } outcome)
            return Problems.NoQueue(name);

        changes.Put(http, outcome);
        return Response(StatusCodes.Status200OK, outcome.Entry, http);
    }

    // 200 · 404
    private static async Task<IResult> PurgeAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (!store.Catalog.Queues.ContainsKey(name))
            return Problems.NoQueue(name);

        var (matched, cancelled, stopping) = await store.CancelManyAsync(new JobFilter { Queue = name, State = JobState.Queued }, CancelReason.Purge);
        if (cancelled + stopping > 0)
            changes.Note(http, "Queue", name, $"purged, {cancelled + stopping} jobs cancelled");
        return new JsonResponse<CancelledJobs>(StatusCodes.Status200OK, new CancelledJobs(matched, cancelled, stopping));
    }

    // 204 · 400 bad key · 404
    private static async Task<IResult> LiftAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (KeyQuery.Read(http.Request, out var key) is { } refusal)
            return refusal;
        if (await store.LiftQueueAsync(name, key) is not { } hadLearned)
            return Problems.NoQueue(name);

        if (hadLearned)
            changes.NoteLifted(http, "Queue", name, key);
        return Results.NoContent();
    }

    private static JsonResponse<QueueView> Response(int status, QueueEntry queue, HttpContext http)
    {
        http.Response.Headers.ETag = EntityTags.Of(queue.Revision);
        return new JsonResponse<QueueView>(status, QueueView.Of(queue));
    }
}
