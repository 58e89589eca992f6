namespace JobService.Jobs;

/// <summary>The path under which clients reach the service, for links that are made without a request at hand.</summary>
/// <param name="Path">As <c>/jobservice</c>; empty when it stands at the root.</param>
public sealed record ServiceRoot(string Path);
