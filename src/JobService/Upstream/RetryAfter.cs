using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>The wait that a response asks for: <c>Retry-After</c> (RFC 9110, section 10.2.3) in all forms in use, and headers with the same meaning under other names.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>retry-after-ms</c> (OpenAI, Azure), <c>x-ms-retry-after-ms</c> (Azure): milliseconds.</item>
/// <item><c>Retry-After-short</c>: the throttler of that name (@nestjs/throttler); <c>X-RateLimit-Retry-After</c> (Symfony's documentation), <c>X-Retry-After</c>.</item>
/// <item><c>X-Retry-In: 100ms</c> (vulcand/oxy).</item>
/// </list>
/// Of several the longest counts, so that nothing starts early; but a value finer than a second is preferred to the same value rounded up.
/// </remarks>
public static class RetryAfter
{
    /// <summary>The longest wait that is accepted: a wrong unit must not stop a queue for years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    /// <returns>Never negative, at most <see cref="Longest"/>; null when the response names none.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, ResponseClock clock)
    {
        TimeSpan? longest = null;
        TimeSpan? exact = null;
        foreach (var (name, values) in headers.NonValidated)
        {
            if (!IsNamed(name))
                continue;
            foreach (var value in values)
            {
                var told = IsInMilliseconds(name) ? TimeText.ParseMilliseconds(HeaderText.Once(value)) : TimeText.Parse(HeaderText.Once(value));
                if (told is not { } time)
                    continue;
                var wait = time.AsRetry(clock);
                longest = longest > wait ? longest : wait;
                if (time.IsExact)
                    exact = exact > wait ? exact : wait;
            }
        }

        return longest - exact < Rounding ? exact : longest;
    }

    /// <summary>Whether the response names a wait, parseable or not.</summary>
    internal static bool IsAskedFor(HttpResponseHeaders headers)
    {
        foreach (var (name, values) in headers.NonValidated)
        {
            if (IsNamed(name) && !string.IsNullOrWhiteSpace(values.ToString()))
                return true;
        }

        return false;
    }

    internal static bool IsNamed(string name) =>
        name.Contains("Retry-After", StringComparison.OrdinalIgnoreCase) || name.EndsWith("Retry-In", StringComparison.OrdinalIgnoreCase);

    private static bool IsInMilliseconds(string name) =>
        name.EndsWith("-ms", StringComparison.OrdinalIgnoreCase) || name.EndsWith("-milliseconds", StringComparison.OrdinalIgnoreCase);
}
