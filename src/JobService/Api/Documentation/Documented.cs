using JobService.Api.Contracts;
using JobService.Api.Http;

namespace JobService.Api.Documentation;

/// <summary>A request header that an endpoint reads.</summary>
internal sealed record RequestHeader(string Name, string Description, string Example)
{
    public static readonly RequestHeader Prefer = new("Prefer",
        "`wait=20` holds the answer until the job ends, at most so many seconds (RFC 7240; more than `JobService:Api:MaxWaitSeconds`, 45, counts as that). Hanging up meanwhile cancels the job, unless an `Idempotency-Key` is given.", "wait=10");

    public static readonly RequestHeader IdempotencyKey = new(IdempotencyHeader.Name,
        "Makes the request repeatable: the same key with the same body is the same job, as long as the job is kept. 1 to 255 visible ASCII characters, bare or quoted.",
        "order-991");

    public static readonly RequestHeader IfMatch = new("If-Match", "Changes the resource only while its `ETag` is this one; `*` only if it exists.", "\"r17\"");

    public static readonly RequestHeader IfNoneYet = new("If-None-Match", "Makes the resource only if there is none: 412 otherwise. Nothing but `*` is taken.", "*");

    public static readonly RequestHeader LastEventId = new("Last-Event-ID", "Goes on behind the event of this `id`: what a browser's `EventSource` sends by itself.", "17");

    public static readonly RequestHeader IfNoneMatch = new("If-None-Match", "Answers 304 while the `ETag` is this one.", "\"0123456789abcdef\"");
}

/// <summary>The headers of an endpoint.</summary>
internal sealed record TakesHeadersMetadata(IReadOnlyList<RequestHeader> Headers);

/// <summary>The body that "Try it out" starts with.</summary>
internal sealed record BodyExample(string Json);

/// <summary>Bodies to choose from; "Try it out" starts with the first.</summary>
internal sealed record BodyExamples(IReadOnlyList<NamedExample> All);

internal sealed record NamedExample(string Name, string Summary, string Json);

/// <summary>What a route says about itself beside its path and handler.</summary>
internal static class Documented
{
    public static RouteHandlerBuilder Takes<TBody>(this RouteHandlerBuilder route, string example, params string[] otherTypes)
        where TBody : notnull =>
        route.Accepts<TBody>("application/json", otherTypes).WithMetadata(new BodyExample(example));

    public static RouteHandlerBuilder Takes<TBody>(this RouteHandlerBuilder route, IReadOnlyList<NamedExample> examples)
        where TBody : notnull =>
        route.Accepts<TBody>("application/json").WithMetadata(new BodyExamples(examples));

    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, params QueryParameter[] parameters) =>
        route.WithMetadata(new TakesQuery(parameters));

    public static RouteHandlerBuilder TakesHeaders(this RouteHandlerBuilder route, params RequestHeader[] headers) =>
        route.WithMetadata(new TakesHeadersMetadata(headers));

    public static RouteHandlerBuilder Answers<TBody>(this RouteHandlerBuilder route, int status, string description, params string[] contentTypes) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(TBody), contentTypes is [] ? [MediaTypes.Json] : contentTypes) { Description = description });

    public static RouteHandlerBuilder AnswersEmpty(this RouteHandlerBuilder route, int status, string description) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(void), []) { Description = description });

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params int[] statuses)
    {
        route.Add(endpoint =>
        {
            var changes = endpoint.Metadata.OfType<IHttpMethodMetadata>().Any(verbs => !verbs.HttpMethods.All(CrossSiteGate.ChangesNothing));
            int[] ofGates = [StatusCodes.Status401Unauthorized, StatusCodes.Status421MisdirectedRequest, StatusCodes.Status429TooManyRequests];
            if (changes)
                ofGates = [.. ofGates, StatusCodes.Status403Forbidden];
            foreach (var status in statuses.Union(ofGates).Order())
                endpoint.Metadata.Add(Refusal(status));
        });
        return route;
    }

    private static ProducesResponseTypeMetadata Refusal(int status)
    {
        var types = ProblemType.All.Values.Where(type => type.Status == status);
        var text = string.Join(" ", types.Select(type => $"{type.Title} (`/problems/{type.Name}`)"));
        return new ProducesResponseTypeMetadata(status, typeof(ProblemView), [Problems.ContentType]) { Description = text };
    }
}
