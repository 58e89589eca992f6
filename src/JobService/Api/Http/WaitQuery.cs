using System.Globalization;

namespace JobService.Api.Http;

/// <summary>The query parameter <c>wait</c>.</summary>
internal static class WaitQuery
{
    public const string Wanted = "a number of seconds, 0 or more.";

    /// <returns>How long to wait, before any cap; zero for not at all; null when it is not a number of seconds.</returns>
    public static TimeSpan? Read(IQueryCollection query)
    {
        if (!query.TryGetValue("wait", out var text))
            return TimeSpan.Zero;
        return double.TryParse(text.ToString(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, WaitOptions.MostSeconds))
            : null;
    }
}
