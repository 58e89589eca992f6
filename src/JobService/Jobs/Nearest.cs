namespace JobService.Jobs;

/// <summary>Suggests the name that was most likely meant by a misspelt one.</summary>
internal static class Nearest
{
    /// <returns>Null when none is similar: more than a third of the letters would have to change.</returns>
    public static string? To(string written, IEnumerable<string> names)
    {
        var (nearest, changes) = names.Select(name => (Name: name, Changes: Changes(written.ToUpperInvariant(), name.ToUpperInvariant()))).MinBy(each => each.Changes);
        return nearest is not null && changes <= Math.Max(1, nearest.Length / 3) ? nearest : null;
    }

    /// <summary>A sentence to append to an error; empty when no name is similar.</summary>
    public static string Hint(string written, IEnumerable<string> names) => To(written, names) is { } name ? $" Did you mean {name}?" : "";

    /// <summary>Letters inserted, left out, replaced or swapped with their neighbour (optimal string alignment; Damerau 1964).</summary>
    private static int Changes(string from, string to)
    {
        var costs = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    costs[i, j] = i + j;
                    continue;
                }

                var replaced = costs[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                costs[i, j] = Math.Min(replaced, 1 + Math.Min(costs[i - 1, j], costs[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    costs[i, j] = Math.Min(costs[i, j], 1 + costs[i - 2, j - 2]);
            }
        }

        return costs[from.Length, to.Length];
    }
}
