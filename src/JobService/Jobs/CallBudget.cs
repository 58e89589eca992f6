namespace JobService.Jobs;

/// <summary>What an API still allows in its current window, as one of its responses said.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Remaining">What is left after this call, in that unit, from 0.</param>
/// <param name="Until">When the API resets its count, in store time.</param>
/// <param name="Limit">What the API allows in a whole window; null when it did not say.</param>
public readonly record struct CallBudget(BudgetUnit Unit, int Remaining, DateTimeOffset Until, int? Limit = null);

/// <summary>What a <see cref="CallBudget"/> counts. LLM APIs report several at once.</summary>
public enum BudgetUnit
{
    Calls,
    Tokens,
    InputTokens,
    OutputTokens,
}
