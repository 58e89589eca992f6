using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What the headers of a response say about the calls to come: see <see cref="RateHeaders"/>.</summary>
/// <param name="RetryAfter">The wait that the response asks for, never negative, at most a day; null when it names none.</param>
/// <param name="Budgets">What the API still allows: at most one for each unit, the tightest. Null when it does not say, or not until when.</param>
public readonly record struct RateHint(TimeSpan? RetryAfter, IReadOnlyList<RateBudget>? Budgets);

/// <param name="Unit">What is counted.</param>
/// <param name="Remaining">What is left after this call, from 0.</param>
/// <param name="Reset">When the API begins to count anew, from the response on: above zero, at most a day.</param>
/// <param name="Limit">What the API allows in a whole window; null when it does not say.</param>
public readonly record struct RateBudget(BudgetUnit Unit, int Remaining, TimeSpan Reset, int? Limit = null);
