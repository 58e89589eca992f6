namespace JobService.Jobs;

/// <summary>What an API still allows in the window it counts in, as one of its responses said.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Remaining">What is left after this call, in that unit, from 0.</param>
/// <param name="Until">When the API begins to count anew, in store time.</param>
/// <param name="Limit">What the API allows in a whole window; null when it did not say.</param>
public readonly record struct CallBudget(BudgetUnit Unit, int Remaining, DateTimeOffset Until, int? Limit = null);

/// <summary>What a <see cref="CallBudget"/> counts. LLM APIs tell several side by side.</summary>
public enum BudgetUnit
{
    Calls,
    Tokens,
    InputTokens,
    OutputTokens,
}
