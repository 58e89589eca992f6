namespace JobService.Jobs;

/// <summary>What one call has taught about the limits that it took.</summary>
public sealed record CallLesson
{
    /// <summary>Nothing starts for so long after a refusal that named no moment.</summary>
    public static readonly TimeSpan WaitWithoutMoment = TimeSpan.FromSeconds(1);

    /// <summary>The API said "not now". Without a moment the limits go slower by themselves.</summary>
    public bool Refused { get; init; }

    /// <summary>No earlier call, in store time. Null when the API named no moment.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Calls that the API still allows; null when it said nothing about it.</summary>
    public CallBudget? Budget { get; init; }

    /// <summary>What the call has really cost, by the limit's name.</summary>
    public IReadOnlyDictionary<string, int>? TrueWeights { get; init; }

    /// <summary>The target is broken (its circuit is open): the moment holds for every call of the queue.</summary>
    public bool CircuitOpen { get; init; }
}

/// <param name="Remaining">Calls after this one.</param>
/// <param name="Until">When the API begins to count anew, in store time.</param>
public readonly record struct CallBudget(int Remaining, DateTimeOffset Until);
