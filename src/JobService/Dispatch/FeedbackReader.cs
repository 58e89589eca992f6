using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;
using JobService.Upstream;

namespace JobService.Dispatch;

/// <summary>Reads from the response to a call what it says about the limits that it took.</summary>
public sealed class FeedbackReader(IJobStore store, TrueCost costs)
{
    /// <summary>A failure of the job all the same. It is what nginx and ASP.NET Core refuse with, and where no limit is configured only the pace can be to blame.</summary>
    private static readonly CallFeedback Overloaded = new() { Refused = true };

    /// <returns>Null when there is nothing to tell, as after most calls.</returns>
    public CallFeedback? Of(ClaimedJob job, ApiAnswer answer) => answer switch
    {
        ApiAnswer.CircuitOpen(var wait) => new CallFeedback { NotBefore = store.Now + wait, CircuitOpen = true },
        ApiAnswer.Answered { IsRefusal: true, Hint: var hint } => new CallFeedback { Refused = true, NotBefore = MomentOf(hint) },
        ApiAnswer.Answered { Status: StatusCodes.Status503ServiceUnavailable, Hint.Budgets: null or { Count: 0 } } when job.Queue.Definition.Limits.Count == 0 => Overloaded,
        ApiAnswer.Answered answered => OfAnswer(BudgetsOf(answered.Hint), TrueWeightsOf(job, answered)),
        _ => null,
    };

    private static CallFeedback? OfAnswer(IReadOnlyList<CallBudget>? budgets, Dictionary<string, int>? weights) =>
        budgets is null && weights is null ? null : new CallFeedback { Budgets = budgets ?? [], TrueWeights = weights };

    /// <summary>A refusal that may be repeated at once names no moment: the limits have to find their pace themselves.</summary>
    private DateTimeOffset? MomentOf(RateHint hint) => store.Now + hint.Pause;

    private CallBudget[]? BudgetsOf(RateHint hint) => hint.Budgets is { Count: > 0 } told
        ? [.. told.Select(budget => new CallBudget(budget.Unit, budget.Remaining, store.Now + budget.Reset, budget.Limit))]
        : null;

    /// <summary>The queue's expression says what the job's weight should have been: of limits that count something else it knows nothing.</summary>
    private static string? ExpressionOf(LimitDefinition limit, QueueDefinition queue) => limit.Counts switch
    {
        LimitDefinition.Calls => null,
        LimitDefinition.Weight => limit.WeightFrom ?? queue.WeightFrom,
        _ => limit.WeightFrom,
    };

    private Dictionary<string, int>? TrueWeightsOf(ClaimedJob job, ApiAnswer.Answered answer)
    {
        var queue = job.Queue.Definition;
        Dictionary<string, int>? weights = null;
        (string? Expression, int? Cost) last = default;
        for (var i = 0; i < queue.Limits.Count; i++) // an enumerator would be the only allocation of most calls
        {
            if (!store.Catalog.Limits.TryGetValue(queue.Limits[i], out var limit) || limit.Definition is ConcurrencyDefinition
                || ExpressionOf(limit.Definition, queue) is not { } expression)
            {
                continue;
            }

            if (expression != last.Expression)
                last = (expression, costs.Of(expression, answer));
            if (last.Cost is { } cost)
                (weights ??= [])[limit.Name] = cost;
        }

        return weights;
    }
}
