namespace JobService.Api.Http;

/// <summary>A header without a value counts as not given: clients that fill templates send <c>If-Match:</c> with nothing behind it and mean no condition.</summary>
internal static class EmptyHeaders
{
    public static void LeaveOut(IHeaderDictionary headers)
    {
        foreach (var (name, values) in headers.Where(header => header.Value.Any(string.IsNullOrEmpty)).ToArray())
        {
            // Host is what HTTP/1.1 wants of every request, also when it has nothing to say.
            if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                headers[name] = values.Where(value => !string.IsNullOrEmpty(value)).ToArray();
        }
    }
}
