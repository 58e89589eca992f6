using JobService.Jobs;
using JobService.Storage;
using JobService.Upstream;

namespace JobService.Dispatch;

/// <summary>What the answer to a call teaches about the limits that it took.</summary>
public sealed class Lessons(IJobStore store)
{
    /// <returns>Null when there is nothing to tell, as after most calls.</returns>
    public CallLesson? Of(ClaimedJob job, ApiAnswer answer) => answer switch
    {
        ApiAnswer.CircuitOpen(var wait) => new CallLesson { NotBefore = store.Now + wait, CircuitOpen = true },
        ApiAnswer.Answered { IsRefusal: true, Hint: var hint } => new CallLesson { Refused = true, NotBefore = MomentOf(hint) },
        ApiAnswer.Answered { Hint.Budget: (var remaining, var reset) } => new CallLesson { Budget = new CallBudget(remaining, store.Now + reset) },
        _ => null,
    };

    /// <summary>A refusal that may be repeated at once names no moment: the limits have to find their pace themselves.</summary>
    private DateTimeOffset? MomentOf(RateHint hint) => hint switch
    {
        { RetryAfter: { } wait } => wait > TimeSpan.Zero ? store.Now + wait : null,
        { Budget: (0, var reset) } => store.Now + reset,
        _ => null,
    };
}
