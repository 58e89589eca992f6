namespace JobService.Jobs;

/// <summary>The rules for a job's tags.</summary>
public static class TagRules
{
    public const int MaxCount = 32;

    public static IEnumerable<Violation> Check(IReadOnlyDictionary<string, string> tags, string at)
    {
        if (tags.Count > MaxCount)
            yield return new Violation(at, $"At most {MaxCount} tags.");

        foreach (var (name, value) in tags)
        {
            if (!Names.IsName(name))
                yield return new Violation(Pointers.Under(at, name), $"A tag's name: {Names.Wanted}.");
            if (!Names.IsText(value))
                yield return new Violation(Pointers.Under(at, name), "A tag's value is a string of at most 256 characters, none of them a control character.");
        }
    }
}
