namespace JobService.Ledger;

/// <summary>A question for the jobs of a lane that may go, in their order.</summary>
/// <param name="AtMost">So many.</param>
/// <param name="Behind">Those that stand behind this one, which is in the lane; null: the first ones.</param>
internal readonly record struct LaneLook(long QueueId, string Key, int AtMost, QueuedRow? Behind = null);
