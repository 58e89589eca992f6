using JobService.Api.Contracts;
using JobService.Api.Http;

namespace JobService.Api.Documentation;

/// <summary>A request header that an endpoint reads.</summary>
internal sealed record RequestHeader(string Name, string Description, string Example)
{
    public static readonly RequestHeader Prefer = new("Prefer",
        "`wait=20` holds the response until the job ends, for at most this many seconds (RFC 7240; values above `JobService:Api:MaxWaitSeconds`, 45, are reduced to that). Hanging up meanwhile cancels the job, unless an `Idempotency-Key` is given.", "wait=10");

    public static readonly RequestHeader IdempotencyKey = new(IdempotencyHeader.Name,
        "Makes the request safe to repeat: the same key with the same body returns the same job or batch, as long as that is kept. 1 to 255 characters of visible ASCII and spaces, bare or in double quotes.",
        "order-991");

    public static readonly RequestHeader IfMatch = new("If-Match", "Changes the resource only while its `ETag` is this one; `*` only if it exists.", "\"r17\"");

    public static readonly RequestHeader IfNoneYet = new("If-None-Match", "Creates the resource only if there is none: 412 otherwise. Only `*` is accepted.", "*");

    public static readonly RequestHeader LastEventId = new("Last-Event-ID", "Continues after the event with this `id`; a browser's `EventSource` sends it automatically.", "17");

    public static readonly RequestHeader IfNoneMatch = new("If-None-Match", "Returns 304 while the `ETag` is this one.", "\"0123456789abcdef\"");
}

/// <summary>A header of a response.</summary>
internal sealed record ResponseHeader(string Name, string Description, string Example, bool IsNumber = false)
{
    public static readonly ResponseHeader Location = new("Location", "The address of the resource.", "/v1/jobs/019a3c5e-7d2c-7c4e-9d0a-1f6b2f0d9a11");

    public static readonly ResponseHeader ETag = new("ETag", "Its version, for `If-Match` and `If-None-Match`.", "\"r17\"");

    public static readonly ResponseHeader PreferenceApplied = new("Preference-Applied", "Only with `Prefer: wait`: how long the response is held at most.", "wait=10");

    public static readonly ResponseHeader Replayed = new("Idempotency-Replayed", "`true` when the `Idempotency-Key` was used before: this is the earlier resource. Left out otherwise.", "true");

    public static readonly ResponseHeader Link = new("Link", "`rel=\"next\"`: the next page; left out on the last.", "</v1/jobs?cursor=AaItYMUY>; rel=\"next\"");

    public static readonly ResponseHeader RetryAfter = new("Retry-After", "Seconds after which to try again.", "5", IsNumber: true);

    public static readonly ResponseHeader WaitAgain = new("Retry-After", "Seconds after which to ask again; left out when the job has ended.", "1", IsNumber: true);

    public static readonly ResponseHeader Challenge = new("WWW-Authenticate", "The required authentication scheme.", "Bearer");
}

/// <summary>The response headers of an endpoint.</summary>
internal sealed record SendsHeaders(IReadOnlyList<ResponseHeader> Headers);

/// <summary>The problems behind a status of an endpoint.</summary>
internal sealed record RefusalsMetadata(int Status, IReadOnlyList<ProblemType> Types);

/// <summary>The headers of an endpoint.</summary>
internal sealed record TakesHeadersMetadata(IReadOnlyList<RequestHeader> Headers);

/// <summary>The body that "Try it out" starts with.</summary>
internal sealed record BodyExample(string Json);

/// <summary>Bodies to choose from; "Try it out" starts with the first.</summary>
internal sealed record BodyExamples(IReadOnlyList<NamedExample> All);

internal sealed record NamedExample(string Name, string Summary, string Json);

/// <summary>Documents a route besides its path and handler.</summary>
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

    public static RouteHandlerBuilder Returns<TBody>(this RouteHandlerBuilder route, int status, string description, params string[] contentTypes) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(TBody), contentTypes is [] ? [MediaTypes.Json] : contentTypes) { Description = description });

    public static RouteHandlerBuilder ReturnsEmpty(this RouteHandlerBuilder route, int status, string description) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(void), []) { Description = description });

    /// <summary>Headers of the successful responses; the description of each says when it is present.</summary>
    public static RouteHandlerBuilder Sends(this RouteHandlerBuilder route, params ResponseHeader[] headers) => route.WithMetadata(new SendsHeaders(headers));

    /// <param name="route">An operation.</param>
    /// <param name="problems">The problems of its handler; those of the middleware before it are added automatically.</param>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ProblemType[] problems)
    {
        route.Add(endpoint =>
        {
            var all = problems.Append(ProblemType.UnknownHost);
            if (((RouteEndpointBuilder)endpoint).RoutePattern.RawText!.StartsWith("/v1", StringComparison.Ordinal))
                all = all.Concat([ProblemType.Invalid, ProblemType.Unauthorized, ProblemType.TooManyWrongKeys, ProblemType.ResponsesFull]);
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().Any(verbs => !verbs.HttpMethods.All(CrossSiteGate.ChangesNothing)))
                all = all.Append(ProblemType.CrossSite);
            foreach (var refusal in all.Distinct().GroupBy(problem => problem.Status!.Value).OrderBy(status => status.Key))
            {
                endpoint.Metadata.Add(new RefusalsMetadata(refusal.Key, [.. refusal]));
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(refusal.Key, typeof(ProblemView), [Problems.ContentType])
                {
                    Description = string.Join(", ", refusal.Select(type => $"{type.Title} (`/problems/{type.Name}`)")),
                });
            }
        });
        return route;
    }
}
