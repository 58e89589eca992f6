using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>A header without a value counts as not given: clients that fill templates send an empty <c>If-Match:</c> and mean no condition.</summary>
internal static class EmptyHeaders
{
    public static void LeaveOut(IHeaderDictionary headers)
    {
        // This runs for every request, and hardly any has one.
        List<string>? found = null;
        foreach (var (name, values) in headers)
        {
            // HTTP/1.1 requires Host in every request, even an empty one.
            if (HasEmpty(values) && !name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                (found ??= []).Add(name);
        }

        foreach (var name in found ?? [])
            headers[name] = headers[name].Where(value => !string.IsNullOrEmpty(value)).ToArray();
    }

    private static bool HasEmpty(in StringValues values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (string.IsNullOrEmpty(values[i]))
                return true;
        }

        return false;
    }
}
