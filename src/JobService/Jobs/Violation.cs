namespace JobService.Jobs;

/// <summary>One thing that is wrong with what was given.</summary>
/// <param name="Pointer">Where: a JSON pointer (RFC 6901) into the body, as <c>/retry/maxAttempts</c>.</param>
/// <param name="Detail">What is wanted there, in one sentence.</param>
public sealed record Violation(string Pointer, string Detail);
