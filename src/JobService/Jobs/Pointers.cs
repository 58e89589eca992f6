namespace JobService.Jobs;

/// <summary>JSON pointers (RFC 6901).</summary>
public static class Pointers
{
    public static string Under(string at, string name) =>
        $"{at}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
}
