using System.Text.RegularExpressions;

namespace JobService.Bench.Limiters;

/// <summary>How a limiter says no, as a client sees it that keeps no pace.</summary>
internal static partial class LimiterRefusal
{
    private const int Calls = 30;

    /// <returns>Status and headers of a refused call, as Markdown.</returns>
    public static async Task<string> ReadAsync(HttpClient client)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => client.GetAsync(new Uri("/", UriKind.Relative))));
        try
        {
            if (Array.Find(answers, response => !response.IsSuccessStatusCode) is not { } refused)
                return "—";
            var told = refused.Headers.Where(header => Telling.IsMatch(header.Key)).Select(header => $"`{header.Key}: {string.Join(", ", header.Value)}`");
            return string.Join("<br>", told.Prepend($"{(int)refused.StatusCode}"));
        }
        finally
        {
            foreach (var response in answers)
                response.Dispose();
        }
    }

    [GeneratedRegex("retry|rate-?limit", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Telling { get; }
}
