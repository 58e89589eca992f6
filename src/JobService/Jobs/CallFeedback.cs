namespace JobService.Jobs;

/// <summary>What the response to one call says about the limits that the call took.</summary>
public sealed record CallFeedback
{
    /// <summary>How long a (queue, key) without limits pauses after a refusal that named no time.</summary>
    public static readonly TimeSpan WaitWithoutMoment = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait for a time that an API names; after that it is called again.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>The API said "not now". If it names no time, the limits slow down by themselves.</summary>
    public bool Refused { get; init; }

    /// <summary>No call starts before this, in store time. Null when the API named no time.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What the API still allows, at most one for each unit: the tightest. Empty when it did not say.</summary>
    public IReadOnlyList<CallBudget> Budgets { get; init; } = [];

    /// <summary>The budget that bounds calls: the one in calls, or one in another unit that is used up.</summary>
    public CallBudget? CallsBudget
    {
        get
        {
            CallBudget? tightest = null;
            foreach (var budget in Budgets)
            {
                if ((budget.Unit == BudgetUnit.Calls || budget.Remaining == 0) && (tightest is not { } best || IsTighter(budget, best)))
                    tightest = budget;
            }

            return tightest;
        }
    }

    /// <summary>What the call really cost, by the limit's name.</summary>
    public IReadOnlyDictionary<string, int>? TrueWeights { get; init; }

    /// <summary>The target is failing (its circuit is open): the time applies to every call of the queue.</summary>
    public bool CircuitOpen { get; init; }

    private static bool IsTighter(CallBudget one, CallBudget other) =>
        one.Remaining < other.Remaining || (one.Remaining == other.Remaining && one.Until > other.Until);
}
