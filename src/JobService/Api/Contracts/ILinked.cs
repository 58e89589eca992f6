namespace JobService.Api.Contracts;

/// <summary>A view with links.</summary>
internal interface ILinked<T>
{
    /// <summary>The same with links for a client that reaches the service under this path.</summary>
    T Under(string pathBase);
}

internal static class Linked
{
    /// <returns>Null where there is no link.</returns>
    public static string? Under(this string? link, string pathBase) => link is null ? null : pathBase + link;
}
