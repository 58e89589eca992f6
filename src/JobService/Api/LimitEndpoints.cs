using System.Diagnostics;
using JobService.Api.Contracts;
using JobService.Api.Documentation;
using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Limits at run time.</summary>
internal static class LimitEndpoints
{
    public static void MapLimits(this IEndpointRouteBuilder v1)
    {
        var limits = v1.MapGroup("/limits").WithTags("Limits");

        limits.MapGet("", List).WithName("listLimits")
            .WithSummary("List limits")
            .Returns<LimitList>(StatusCodes.Status200OK, "All limits, by name.")
            .Refuses();

        limits.MapGet("/{name}", GetAsync).WithName("getLimit")
            .WithSummary("Read a limit and its state")
            .WithDescription(Descriptions.GetLimit)
            .Takes(QueryParameter.StateKey)
            .Returns<LimitView>(StatusCodes.Status200OK, "The limit.")
            .Sends(ResponseHeader.ETag)
            .Refuses(ProblemType.NotFound);

        limits.MapPut("/{name}", PutAsync).WithName("putLimit")
            .WithSummary("Create or replace a limit")
            .WithDescription(Descriptions.PutLimit)
            .Takes<LimitDefinition>(Examples.Limits).TakesHeaders(RequestHeader.IfMatch, RequestHeader.IfNoneYet)
            .Returns<LimitView>(StatusCodes.Status200OK, "Replaced.")
            .Returns<LimitView>(StatusCodes.Status201Created, "Created.")
            .Sends(ResponseHeader.ETag, ResponseHeader.Location)
            .Refuses(ProblemType.Outdated, ProblemType.TooLarge, ProblemType.MediaType, ProblemType.QueueFull, ProblemType.StorageUnavailable);

        limits.MapDelete("/{name}", DeleteAsync).WithName("deleteLimit")
            .WithSummary("Delete a limit")
            .TakesHeaders(RequestHeader.IfMatch)
            .ReturnsEmpty(StatusCodes.Status204NoContent, "Deleted.")
            .Refuses(ProblemType.NotFound, ProblemType.InUse, ProblemType.Configured, ProblemType.Outdated, ProblemType.StorageUnavailable);

        limits.MapDelete("/{name}/learned", LiftAsync).WithName("liftLimit")
            .WithSummary("Clear what a limit has learned")
            .WithDescription(Descriptions.LiftLimit)
            .Takes(QueryParameter.LearnedKey)
            .ReturnsEmpty(StatusCodes.Status204NoContent, "The learned state is cleared.")
            .Refuses(ProblemType.NotFound, ProblemType.StorageUnavailable);
    }

    private static JsonResponse<LimitList> List(IJobStore store) => new(StatusCodes.Status200OK,
        new LimitList([.. store.Catalog.Limits.Values.OrderBy(limit => limit.Name, StringComparer.Ordinal).Select(limit => LimitView.Of(limit))]));

    // 200 · 400 bad key · 404
    private static async Task<IResult> GetAsync(string name, HttpContext http, IJobStore store)
    {
        if (KeyQuery.Read(http.Request, out var key) is { } refusal)
            return refusal;
        return store.Catalog.Limits.TryGetValue(name, out var limit) ? await ResponseAsync(StatusCodes.Status200OK, limit, http, store, key) : Problems.NoLimit(name);
    }

    // 200 replaced · 201 created · 400 · 412 changed meanwhile · 413 · 415 · 429 no memory
    private static async Task<IResult> PutAsync(string name, HttpContext http, IJobStore store, IntakeMemory memory, TimeProvider time, ChangeLog changes)
    {
        var current = store.Catalog.Limits.GetValueOrDefault(name)?.Revision;
        var (definition, expected, refusal) = await DefinitionBody<LimitDefinition>.ReadAsync(http, "limit", name, current, memory, time, DefinitionRules.Check);
        if (definition is null)
            return refusal!;

        var outcome = await store.PutLimitAsync(name, definition, expected);
        changes.Put(http, outcome);
        return await outcome.Match<Task<IResult>>(
            created: async made =>
            {
                http.Response.Headers.Location = http.Request.Reached($"/v1/limits/{name}");
                return await ResponseAsync(StatusCodes.Status201Created, made, http, store);
            },
            replaced: async (replaced, _) => await ResponseAsync(StatusCodes.Status200OK, replaced, http, store),
            outdated: current => Task.FromResult<IResult>(Problems.Outdated(current)),
            unknownLimit: limit => throw new UnreachableException($"A limit names no limits, and '{limit}' was not found."));
    }

    // 204 · 404 · 409 a queue uses it, or configured · 412
    private static async Task<IResult> DeleteAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (!store.Catalog.Limits.TryGetValue(name, out var limit))
            return Problems.NoLimit(name);
        var (refusal, expected) = Conditional.Ask(http.Request, limit.Revision);
        if (refusal is not null)
            return refusal;

        var outcome = await store.DeleteLimitAsync(name, expected);
        if (outcome == DeleteOutcome.Deleted)
            changes.Note(http, "Limit", name, "deleted");
        return outcome switch
        {
            DeleteOutcome.Deleted => Results.NoContent(),
            DeleteOutcome.NotFound => Problems.NoLimit(name),
            DeleteOutcome.Outdated => Problems.Outdated(store.Catalog.Limits.GetValueOrDefault(name)?.Revision),
            DeleteOutcome.InUse => Problems.InUse($"A queue uses limit '{name}'. Remove it from the queue's 'limits' first; GET /v1/queues shows which queues use it."),
            DeleteOutcome.FromConfiguration => Problems.Configured(name),
        };
    }

    // 204 · 400 bad key · 404
    private static async Task<IResult> LiftAsync(string name, HttpContext http, IJobStore store, ChangeLog changes)
    {
        if (KeyQuery.Read(http.Request, out var key) is { } refusal)
            return refusal;
        if (await store.LiftLimitAsync(name, key) is not { } hadLearned)
            return Problems.NoLimit(name);

        if (hadLearned)
            changes.NoteLifted(http, "Limit", name, key);
        return Results.NoContent();
    }

    private static async Task<JsonResponse<LimitView>> ResponseAsync(int status, LimitEntry limit, HttpContext http, IJobStore store, string? key = null)
    {
        http.Response.Headers.ETag = EntityTags.Of(limit.Revision);
        return new JsonResponse<LimitView>(status, LimitView.Of(limit, await store.LimitAsync(limit.Name, key)));
    }
}
