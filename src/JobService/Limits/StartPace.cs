namespace JobService.Limits;

/// <summary>What one start takes of a rate, in ticks: it may start at t when the earlier starts are paid back by t + <see cref="Ahead"/>.</summary>
/// <param name="Takes">Weight × T.</param>
/// <param name="Ahead">(Burst − weight) × T: how much debt of earlier starts is allowed.</param>
public readonly record struct StartPace(long Takes, long Ahead);

/// <summary>What one start takes of one state of a limit.</summary>
/// <param name="Limit">Its name.</param>
/// <param name="Key">The job key whose state it is; empty for a shared limit.</param>
/// <param name="Pace">What it takes there.</param>
public readonly record struct RateStart(string Limit, string Key, StartPace Pace);
