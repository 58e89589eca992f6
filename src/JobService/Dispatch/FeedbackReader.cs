using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;
using JobService.Upstream;

namespace JobService.Dispatch;

/// <summary>Reads from the response to a call what it says about the limits that the call took.</summary>
public sealed class FeedbackReader(IJobStore store, TrueCost costs)
{
    /// <summary>It still counts as a failure of the job. nginx and ASP.NET Core refuse with this status, and without a configured limit only the pace can be the cause.</summary>
    private static readonly CallFeedback Overloaded = new() { Refused = true };

    /// <summary>Synchronously, unless reading the cost takes much memory: such responses are read two at a time.</summary>
    /// <param name="job">The job of the call.</param>
    /// <param name="result">How the call ended.</param>
    /// <param name="abandoned">The attempt was stopped or has timed out: its cost is not read.</param>
    /// <returns>Null when there is no feedback, as after most calls.</returns>
    public ValueTask<CallFeedback?> ReadAsync(ClaimedJob job, CallResult result, CancellationToken abandoned) =>
        result is CallResult.Responded { IsRefusal: false } responded && TakesTurn(job, responded) ? InTurnAsync(job, responded, abandoned) : ValueTask.FromResult(Of(job, result));

    public CallFeedback? Of(ClaimedJob job, CallResult result) => result.Match(
        (Reader: this, Job: job),
        responded: static (call, responded) => call.Reader.OfResponse(call.Job, responded),
        failed: static (_, _) => null,
        notStarted: static (_, _) => null,
        circuitOpen: static (call, open) => call.Reader.OfOpenCircuit(open.Wait));

    private CallFeedback OfOpenCircuit(TimeSpan wait) => new() { NotBefore = store.Now + wait, CircuitOpen = true };

    private CallFeedback? OfResponse(ClaimedJob job, CallResult.Responded response) => response switch
    {
        { IsRefusal: true, Hint: var hint } => new CallFeedback { Refused = true, NotBefore = MomentOf(hint) },
        { Status: StatusCodes.Status503ServiceUnavailable, Hint.Budgets: null or { Count: 0 } } when job.Queue.Definition.Limits.Count == 0 => Overloaded,
        _ => OfSuccess(BudgetsOf(response.Hint), TrueWeightsOf(job, response)),
    };

    private async ValueTask<CallFeedback?> InTurnAsync(ClaimedJob job, CallResult.Responded response, CancellationToken abandoned)
    {
        try
        {
            await TrueCost.Turns.WaitAsync(abandoned);
        }
        catch (OperationCanceledException)
        {
            return OfSuccess(BudgetsOf(response.Hint), weights: null);
        }

        try
        {
            using var busy = BusyThread.Enter();
            return Of(job, response);
        }
        finally
        {
            TrueCost.Turns.Release();
        }
    }

    private static CallFeedback? OfSuccess(IReadOnlyList<CallBudget>? budgets, Dictionary<string, int>? weights) =>
        budgets is null && weights is null ? null : new CallFeedback { Budgets = budgets ?? [], TrueWeights = weights };

    /// <summary>A refusal with a wait of zero names no time: the limits have to find their pace themselves.</summary>
    private DateTimeOffset? MomentOf(RateHint hint) => store.Now + hint.Pause;

    private CallBudget[]? BudgetsOf(RateHint hint) => hint.Budgets is { Count: > 0 } told
        ? [.. told.Select(budget => new CallBudget(budget.Unit, budget.Remaining, store.Now + budget.Reset, budget.Limit))]
        : null;

    /// <summary>The queue's expression gives the job's actual weight: it does not apply to limits that count something else.</summary>
    private static string? ExpressionOf(LimitDefinition limit, QueueDefinition queue) => limit.Counts switch
    {
        LimitDefinition.Calls => null,
        LimitDefinition.Weight => limit.WeightFrom ?? queue.WeightFrom,
        _ => limit.WeightFrom,
    };

    private string? ExpressionOf(string limit, QueueDefinition queue) =>
        store.Catalog.Limits.TryGetValue(limit, out var entry) && !entry.Definition.IsHeld ? ExpressionOf(entry.Definition, queue) : null;

    private bool TakesTurn(ClaimedJob job, CallResult.Responded response)
    {
        var queue = job.Queue.Definition;
        for (var i = 0; i < queue.Limits.Count; i++)
        {
            if (ExpressionOf(queue.Limits[i], queue) is { } expression && costs.TakesTurn(expression, response))
                return true;
        }

        return false;
    }

    private Dictionary<string, int>? TrueWeightsOf(ClaimedJob job, CallResult.Responded response)
    {
        var queue = job.Queue.Definition;
        Dictionary<string, int>? weights = null;
        (string? Expression, int? Cost) last = default;
        for (var i = 0; i < queue.Limits.Count; i++) // an enumerator would be the only allocation of most calls
        {
            if (ExpressionOf(queue.Limits[i], queue) is not { } expression)
                continue;
            if (expression != last.Expression)
                last = (expression, costs.Of(expression, response));
            if (last.Cost is { } cost)
                (weights ??= [])[queue.Limits[i]] = cost;
        }

        return weights;
    }
}
