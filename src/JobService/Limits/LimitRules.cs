namespace JobService.Limits;

/// <summary>The rules for a limit's definition. The bounds are documented in <see cref="LimitDefinition"/> and its kinds.</summary>
public static class LimitRules
{
    /// <returns>For each error, a JSON pointer and what is expected there.</returns>
    public static IReadOnlyList<(string Pointer, string Detail)> Check(LimitDefinition limit)
    {
        var found = new List<(string, string)>();
        if (limit.Permits is < 1 or > 1_000_000)
            found.Add(("/permits", "From 1 to 1000000."));
        found.AddRange(limit.OwnFaults());
        if (found.Count == 0 && limit is RateDefinition rate && rate.Burst > rate.LargestBurst)
            found.Add(("/burst", $"At this pace at most {rate.LargestBurst}: what the pace allows in 1000 years. Take a smaller burst, or a 'window' limit, which takes any weight up to its permits."));
        if (limit is { WeightFrom: not null, IsHeld: true })
            found.Add(("/weightFrom", "Not for concurrency: what a call held is free when it ends, whatever it has cost. Leave it out."));
        else if (limit is { WeightFrom: not null, Counts: LimitDefinition.Calls })
            found.Add(("/weightFrom", "Not for a limit that counts calls: a call is one call, whatever it has cost. Leave it out, or count 'weight' or a name."));
        return found;
    }
}
