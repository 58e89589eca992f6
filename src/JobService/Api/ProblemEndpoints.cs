using System.Net;
using System.Text;
using JobService.Api.Http;

namespace JobService.Api;

/// <summary>Serves the description of each problem's <c>type</c>: a page for people, JSON for programs that ask for it.</summary>
internal static class ProblemEndpoints
{
    public static void MapProblems(this IEndpointRouteBuilder app)
    {
        app.MapGet("/problems", List).ExcludeFromDescription();
        app.MapGet("/problems/{name}", Get).ExcludeFromDescription();
    }

    private static IResult List(HttpContext http) => WantsJson(http.Request)
        ? new JsonResponse<ProblemTypeView[]>(StatusCodes.Status200OK, [.. ProblemType.All.Values.Select(ProblemTypeView.Of)])
        : Page("Problems", string.Concat(ProblemType.All.Values.Select(type =>
            $"<li><a href=\"{http.Request.Reached("/problems/" + type.Name)}\">{type.Name}</a> {WebUtility.HtmlEncode(type.Title)}</li>")), "ul");

    // 200 · 404 no such type
    private static IResult Get(string name, HttpContext http)
    {
        if (!ProblemType.All.TryGetValue(name, out var type))
            return Problems.OfStatus(StatusCodes.Status404NotFound);
        if (WantsJson(http.Request))
            return new JsonResponse<ProblemTypeView>(StatusCodes.Status200OK, ProblemTypeView.Of(type));

        var status = type.Status is { } number ? $"HTTP status {number}. " : "Found as the 'error' of a job. ";
        return Page(type.Title, status + WebUtility.HtmlEncode(type.Meaning), "p");
    }

    private static bool WantsJson(HttpRequest request) => request.Headers.Accept.ToString().Contains("json", StringComparison.OrdinalIgnoreCase);

    private static IResult Page(string title, string inner, string element) => Results.Text(
        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{WebUtility.HtmlEncode(title)}</title><h1>{WebUtility.HtmlEncode(title)}</h1><{element}>{inner}</{element}></html>",
        "text/html", Encoding.UTF8);
}

/// <summary>The meaning of a problem's type.</summary>
internal sealed record ProblemTypeView(string Type, int? Status, string Title, string Meaning)
{
    public static ProblemTypeView Of(ProblemType type) => new("/problems/" + type.Name, type.Status, type.Title, type.Meaning);
}
