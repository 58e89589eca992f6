using System.Text;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>The address of one call: the job's path and query appended to the queue's base address, and never outside it.</summary>
public static class CallAddress
{
    /// <summary>Null when the base is not an absolute http or https address, or when the path leads out of it.</summary>
    public static Uri? Of(string baseAddress, string? path, IReadOnlyDictionary<string, QueryValue>? query)
    {
        if (!Uri.TryCreate(baseAddress, UriKind.Absolute, out var root) || !IsHttp(root))
            return null;
        if (string.IsNullOrEmpty(path) && query is not { Count: > 0 })
            return root;
        // Without a leading slash a path could change the host: http://api + @elsewhere.
        if (!string.IsNullOrEmpty(path) && path[0] != '/')
            return null;

        var text = new StringBuilder(root.GetLeftPart(UriPartial.Path));
        if (!string.IsNullOrEmpty(path))
        {
            while (text[^1] == '/')
                text.Length--;
            text.Append(path.Replace("?", "%3F", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal));
        }

        var separator = '?';
        foreach (var (name, values) in query ?? new Dictionary<string, QueryValue>())
        {
            foreach (var value in values.Values)
            {
                text.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return Uri.TryCreate(text.ToString(), UriKind.Absolute, out var address) && IsBelow(root, address) ? address : null;
    }

    private static bool IsHttp(Uri address) => address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps;

    // Uri resolves "..", also when written as %2e%2e or with backslashes, so the check comes after it.
    private static bool IsBelow(Uri root, Uri address) =>
        string.Equals(root.Authority, address.Authority, StringComparison.Ordinal)
        && (address.AbsolutePath + "/").StartsWith(root.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal);
}
