namespace JobService.Jobs;

/// <summary>What the response to one call says about the limits that it took.</summary>
public sealed record CallFeedback
{
    /// <summary>A (queue, key) without limits rests for so long after a refusal that named no moment.</summary>
    public static readonly TimeSpan WaitWithoutMoment = TimeSpan.FromSeconds(1);

    /// <summary>No moment that an API names is waited for longer: then it is asked again.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>The API said "not now". Without a moment the limits go slower by themselves.</summary>
    public bool Refused { get; init; }

    /// <summary>No earlier call, in store time. Null when the API named no moment.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What the API still allows, at most one for each unit: the tightest. Empty when it said nothing about it.</summary>
    public IReadOnlyList<CallBudget> Budgets { get; init; } = [];

    /// <summary>The one that bounds calls: that in calls, or one in another unit that is used up.</summary>
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

    /// <summary>What the call has really cost, by the limit's name.</summary>
    public IReadOnlyDictionary<string, int>? TrueWeights { get; init; }

    /// <summary>The target is broken (its circuit is open): the moment holds for every call of the queue.</summary>
    public bool CircuitOpen { get; init; }

    private static bool IsTighter(CallBudget one, CallBudget other) =>
        one.Remaining < other.Remaining || (one.Remaining == other.Remaining && one.Until > other.Until);
}
