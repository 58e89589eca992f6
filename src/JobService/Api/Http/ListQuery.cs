using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api.Http;

/// <summary>The query of a list of jobs.</summary>
internal sealed record ListQuery(JobFilter Filter, int Limit, JobId? Before)
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 500;

    public static readonly TakesQuery Takes = new(
        QueryParameter.Queue, QueryParameter.State, QueryParameter.Key, QueryParameter.Batch, QueryParameter.Tag, QueryParameter.Limit, QueryParameter.Cursor);

    /// <returns>The query, or the problem with it.</returns>
    public static (ListQuery? Query, IResult? Refusal) Read(IQueryCollection query)
    {
        var filter = new JobFilter { Queue = One(query, "queue"), Key = One(query, "key") };
        if (filter.Queue is not null && !Names.IsName(filter.Queue))
            return Wrong("queue", $"a queue's name: {Names.Wanted}.");
        if (filter.Key is not null && !Names.IsText(filter.Key))
            return Wrong("key", "at most 256 characters, none of them a control character.");

        if (One(query, "state") is { } word)
        {
            if (QueryParameter.State.Read(word) is not { } state)
                return Wrong("state", QueryParameter.State.OneOf);
            filter = filter with { State = Enum.Parse<JobState>(state, ignoreCase: true) };
        }

        if (One(query, "batch") is { } id)
        {
            if (!JobId.TryParse(id, out var batch))
                return Wrong("batch", WantedBatch);
            filter = filter with { Batch = batch };
        }

        if (One(query, "tag") is { } text)
        {
            if (Tag(text) is not { } tag)
                return Wrong("tag", WantedTag);
            filter = filter with { Tag = tag };
        }

        var limit = DefaultLimit;
        if (One(query, "limit") is { } number && (!WholeNumberJson.TryParse(number, out limit) || limit is < 1 or > MaxLimit))
            return Wrong("limit", $"a whole number from 1 to {MaxLimit}.");

        if (One(query, "cursor") is not { } cursor)
            return (new ListQuery(filter, limit, null), null);
        return Cursor.TryParse(cursor, out var before)
            ? (new ListQuery(filter, limit, before), null)
            : Wrong("cursor", "damaged; give the 'nextCursor' of the page before as it was, or leave it out for the first page.");
    }

    public const string WantedBatch = "a batch's id, a UUID.";

    public const string WantedTag = "a name and a value with a colon between, as order:991.";

    /// <summary>Null when it is no tag.</summary>
    public static (string Name, string Value)? Tag(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Names.IsName(text[..colon]) && Names.IsText(text[(colon + 1)..]) ? (text[..colon], text[(colon + 1)..]) : null;
    }

    /// <summary>The address of the next page.</summary>
    public static string Next(HttpRequest request, string cursor)
    {
        var kept = request.Query.Where(parameter => parameter.Key != "cursor").Append(new("cursor", cursor));
        return request.Reached(request.Path.ToUriComponent()) + QueryString.Create(kept).ToUriComponent();
    }

    private static (ListQuery?, IResult) Wrong(string name, string wanted) => (null, Problems.Parameter(name, wanted));

    public static string? One(IQueryCollection query, string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;
}
