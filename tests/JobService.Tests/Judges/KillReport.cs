namespace JobService.Tests.Judges;

/// <summary>What a run of kills left behind.</summary>
/// <param name="Kills">How often the process was killed.</param>
/// <param name="Accepted">Jobs whose 202 arrived.</param>
/// <param name="Unanswered">Jobs that were sent and never answered: they may exist or not.</param>
/// <param name="Witnessed">Jobs that a client had seen end before a kill.</param>
/// <param name="Wrong">A sentence for each promise that was broken.</param>
internal sealed record KillReport(int Kills, int Accepted, int Unanswered, int Witnessed, IReadOnlyList<string> Wrong);
