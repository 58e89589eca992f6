namespace JobService.Ledger;

/// <summary>A lane with jobs that may start.</summary>
/// <param name="Jobs">Their number, or at least that many.</param>
/// <param name="IsCounted">False: there may be more.</param>
internal readonly record struct LaneFound(long QueueId, string Key, int Jobs, bool IsCounted);

/// <summary>The jobs of a lane that had not been counted at first.</summary>
internal readonly record struct LaneRest(long QueueId, string Key, int Jobs);
