namespace JobService.Storage;

/// <summary>How many submissions wait for the store, and how much of them one turn takes: everything else waits for a turn no longer than that.</summary>
/// <param name="Capacity">Submissions that wait, at most. Default 4 096.</param>
/// <param name="JobsPerTurn">Submitted jobs in one turn, at most; a submission is taken whole. Default 1 000.</param>
public sealed record SubmissionBounds(int Capacity = 4_096, int JobsPerTurn = 1_000);
