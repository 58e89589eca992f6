namespace JobService.Jobs;

/// <summary>The path under which clients reach the service, for links that are created outside of a request.</summary>
/// <param name="Path">Such as <c>/jobservice</c>; empty at the root.</param>
public sealed record ServiceRoot(string Path);
