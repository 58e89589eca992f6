using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>A header without a value counts as not given: clients that fill templates send <c>If-Match:</c> with nothing behind it and mean no condition.</summary>
internal static class EmptyHeaders
{
    public static void LeaveOut(IHeaderDictionary headers)
    {
        // Every request comes by here, and hardly one has any.
        List<string>? found = null;
        foreach (var (name, values) in headers)
        {
            // Host is what HTTP/1.1 wants of every request, also when it has nothing to say.
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
