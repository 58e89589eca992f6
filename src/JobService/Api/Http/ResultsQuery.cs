using System.Globalization;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The query of a batch's results.</summary>
internal static class ResultsQuery
{
    public const int DefaultLimit = 1_000;
    public const int MaxLimit = 10_000;

    public static readonly QueryParameter Order = new("order", "string",
        "`input`: in the order of the jobs, each when those before it have ended (gather). `completion` (default): as they end (as_completed).", "input", "completion") { Enumeration = "ResultOrder" };

    private static readonly QueryParameter Until = new("until", "string",
        "How far to read: `all` (default): every result; `first`: the results available when the first job has ended, or the next one after the given position; `firstFailure`: the results available when a job has failed, all of them if none fails.",
        "all", "first", "firstFailure") { Enumeration = nameof(Api.Until) };

    private static readonly QueryParameter Limit = new("limit", "integer", "With JSON: results per page, 1 to 10000. Default: 1000.");
    private static readonly QueryParameter Cursor = new("cursor", "string", "With JSON: the `nextCursor` of the page before, with the same `order`.");

    private static readonly QueryParameter Wait = new("wait", "number",
        "With JSON: holds the response until the page is full or `until` is reached, for at most this many seconds: from 0 (default) to `JobService:Api:MaxWaitSeconds` (45); higher values are reduced to that.");

    private static readonly QueryParameter After = new("after", "integer",
        "With NDJSON and events: continues after this `index` (`order=input`) or this `completion` number. `Last-Event-ID` does the same and takes precedence.") { Format = "int64" };

    public static QueryParameter[] Takes { get; } = [Order, Until, Limit, Cursor, Wait, After];

    /// <returns>What is wanted, or the problem with it.</returns>
    public static (ResultsRequest? Wanted, int Limit, TimeSpan Wait, IResult? Refusal) Read(JobId batch, HttpRequest request)
    {
        var query = request.Query;
        if (IsInInputOrder(query) is not { } inInputOrder)
            return Wrong(Order, Order.OneOf);
        if (Until.Read(One(query, Until, "all")) is not { } word)
            return Wrong(Until, Until.OneOf);
        if (!WholeNumberJson.TryParse(One(query, Limit, "1000"), out var limit) || limit is < 1 or > MaxLimit)
            return Wrong(Limit, $"a whole number from 1 to {MaxLimit}.");
        if (WaitQuery.Read(query) is not { } wait)
            return Wrong(Wait, WaitQuery.Wanted);

        var after = ResultsRequest.Beginning(inInputOrder);
        if (query.TryGetValue(After.Name, out var given) && !TryNumber(given.ToString(), out after))
            return Wrong(After, "a whole number: the index or the completion of the last result that you have.");
        if (query.TryGetValue(Cursor.Name, out var cursor) && !TryCursor(cursor.ToString(), inInputOrder, out after))
            return Wrong(Cursor, "damaged, or of another order; give the 'nextCursor' of the page before as it was, or leave it out for the first page.");
        if (request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last && !TryNumber(last, out after))
            return (null, 0, default, Problems.Header("Last-Event-ID", "the id of the last event received, a whole number."));

        return (new ResultsRequest(batch, inInputOrder, Enum.Parse<Api.Until>(word, ignoreCase: true), after), limit, wait, null);
    }

    /// <returns>Null when it is neither.</returns>
    public static bool? IsInInputOrder(IQueryCollection query) => Order.Read(One(query, Order, "completion")) switch
    {
        "input" => true,
        "completion" => false,
        _ => null,
    };

    public static string CursorOf(bool inInputOrder, long after) => $"{(inInputOrder ? 'i' : 'c')}{after}";

    private static bool TryCursor(string text, bool inInputOrder, out long after)
    {
        after = 0;
        return text.Length > 1 && text[0] == (inInputOrder ? 'i' : 'c') && TryNumber(text[1..], out after);
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number) && number >= -1;

    private static (ResultsRequest?, int, TimeSpan, IResult?) Wrong(QueryParameter parameter, string wanted) =>
        (null, 0, default, Problems.Parameter(parameter.Name, wanted));

    private static string One(IQueryCollection query, QueryParameter parameter, string otherwise) =>
        query.TryGetValue(parameter.Name, out var values) ? values.ToString() : otherwise;
}
