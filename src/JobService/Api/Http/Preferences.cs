using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>The header <c>Prefer</c> (RFC 7240).</summary>
internal static class Preferences
{
    /// <summary>Seconds of <c>wait</c>, capped at the most that any service may allow; null when the client does not want to wait. An invalid preference is ignored, as RFC 7240 requires.</summary>
    public static int? Wait(StringValues prefer)
    {
        foreach (var line in prefer)
        {
            if (line is null)
                continue;

            foreach (var preference in Split(line, ','))
            {
                // Parameters after a semicolon qualify a preference; ours has none.
                var (name, value) = Pair(Split(preference, ';').FirstOrDefault() ?? "");
                // The first of several counts (section 2).
                if (name.Equals("wait", StringComparison.OrdinalIgnoreCase))
                    return Seconds(value);
            }
        }

        return null;
    }

    private static int? Seconds(string digits)
    {
        if (digits.Length == 0 || !digits.All(char.IsAsciiDigit))
            return null;
        return digits.TrimStart('0') is { Length: <= 4 } few ? Math.Min(WaitOptions.MostSeconds, few.Length == 0 ? 0 : int.Parse(few)) : WaitOptions.MostSeconds;
    }

    private static (string Name, string Value) Pair(string preference)
    {
        var equals = preference.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? (preference.Trim(), "")
            : (preference[..equals].Trim(), preference[(equals + 1)..].Trim().Trim('"').Trim());
    }

    /// <summary>Splits at commas outside quoted strings.</summary>
    private static IEnumerable<string> Split(string text, char separator)
    {
        var start = 0;
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && quoted)
                i++;
            else if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == separator && !quoted)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }
}
