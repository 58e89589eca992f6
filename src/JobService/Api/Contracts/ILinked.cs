namespace JobService.Api.Contracts;

/// <summary>A view that says where to go from it.</summary>
internal interface ILinked<T>
{
    /// <summary>The same with links as a client reaches them that sees the service under this path.</summary>
    T Under(string pathBase);
}

internal static class Linked
{
    /// <returns>Null where there is no link.</returns>
    public static string? Under(this string? link, string pathBase) => link is null ? null : pathBase + link;
}
