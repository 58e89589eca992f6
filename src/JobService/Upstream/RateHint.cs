namespace JobService.Upstream;

/// <summary>What the headers of an answer say about the calls to come: see <see cref="RateHeaders"/>.</summary>
/// <param name="RetryAfter">The wait that the answer asks for, never negative, at most a day; null when it names none.</param>
/// <param name="Budget">What the API still allows; null when it does not say, or not until when.</param>
public readonly record struct RateHint(TimeSpan? RetryAfter, RateBudget? Budget);

/// <param name="Remaining">Calls after this one, from 0.</param>
/// <param name="Reset">When the API begins to count anew, from the answer on: above zero, at most a day.</param>
public readonly record struct RateBudget(int Remaining, TimeSpan Reset);
