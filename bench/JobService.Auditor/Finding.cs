namespace JobService.Auditor;

/// <summary>A broken promise.</summary>
/// <param name="Promise">Its number in the design: 1 to 9.</param>
/// <param name="Says">What is wrong.</param>
/// <param name="Proof">The lines that show it.</param>
internal sealed record Finding(int Promise, string Says, params IReadOnlyList<Event> Proof);
