namespace JobService.Ledger;

/// <summary>A lane in which jobs stand that may go.</summary>
/// <param name="Jobs">So many, or at least so many.</param>
/// <param name="IsCounted">False: there may be more.</param>
internal readonly record struct LaneFound(long QueueId, string Key, int Jobs, bool IsCounted);

/// <summary>What there was of a lane beyond what had been counted of it.</summary>
internal readonly record struct LaneRest(long QueueId, string Key, int Jobs);
