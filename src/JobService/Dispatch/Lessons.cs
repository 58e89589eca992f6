using JobService.Jobs;
using JobService.Limits;
using JobService.Storage;
using JobService.Upstream;

namespace JobService.Dispatch;

/// <summary>What the answer to a call teaches about the limits that it took.</summary>
public sealed class Lessons(IJobStore store, TrueCost costs)
{
    /// <returns>Null when there is nothing to tell, as after most calls.</returns>
    public CallLesson? Of(ClaimedJob job, ApiAnswer answer) => answer switch
    {
        ApiAnswer.CircuitOpen(var wait) => new CallLesson { NotBefore = store.Now + wait, CircuitOpen = true },
        ApiAnswer.Answered { IsRefusal: true, Hint: var hint } => new CallLesson { Refused = true, NotBefore = MomentOf(hint) },
        ApiAnswer.Answered answered => OfAnswer(BudgetOf(answered.Hint), TrueWeightsOf(job, answered)),
        _ => null,
    };

    private static CallLesson? OfAnswer(CallBudget? budget, Dictionary<string, int>? weights) =>
        budget is null && weights is null ? null : new CallLesson { Budget = budget, TrueWeights = weights };

    /// <summary>A refusal that may be repeated at once names no moment: the limits have to find their pace themselves.</summary>
    private DateTimeOffset? MomentOf(RateHint hint) => hint switch
    {
        { RetryAfter: { } wait } => wait > TimeSpan.Zero ? store.Now + wait : null,
        { Budget: (0, var reset) } => store.Now + reset,
        _ => null,
    };

    private CallBudget? BudgetOf(RateHint hint) => hint.Budget is var (remaining, reset) ? new CallBudget(remaining, store.Now + reset) : null;

    private Dictionary<string, int>? TrueWeightsOf(ClaimedJob job, ApiAnswer.Answered answer)
    {
        var queue = job.Queue.Definition;
        Dictionary<string, int>? weights = null;
        (string? Expression, int? Cost) last = default;
        for (var i = 0; i < queue.Limits.Count; i++) // an enumerator would be the only allocation of most calls
        {
            if (!store.Catalog.Limits.TryGetValue(queue.Limits[i], out var limit) || limit.Definition is ConcurrencyDefinition
                || (limit.Definition.WeightFrom ?? queue.WeightFrom) is not { } expression)
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
