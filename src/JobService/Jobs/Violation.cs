namespace JobService.Jobs;

/// <summary>One error in the input.</summary>
/// <param name="Pointer">Where: a JSON pointer (RFC 6901) into the body, such as <c>/retry/maxAttempts</c>.</param>
/// <param name="Detail">What is expected there, in one sentence.</param>
public sealed record Violation(string Pointer, string Detail);
