using JobService.Lanes;
using JobService.Ledger;

namespace JobService.Storage;

/// <summary>Counts what goes before jobs in their lane or wait queue.</summary>
internal static class PlacesAhead
{
    /// <param name="inOrder">The jobs from the first one: only as many are read as are needed.</param>
    /// <param name="wanted">Those that get their place, by row number; emptied.</param>
    public static void Count(IEnumerable<(long Stamp, long Weight, string? Weights)> inOrder, Dictionary<long, JobRead> wanted)
    {
        var (jobs, weight) = (0, 0L);
        Dictionary<string, (long Named, long Weight)>? named = null;
        foreach (var (stamp, own, names) in inOrder)
        {
            if (wanted.Remove(stamp, out var job))
                (job.Position, job.Ahead) = (jobs + 1, new JobsAhead(jobs, weight, named?.ToDictionary()));
            if (wanted.Count == 0)
                return;
            (jobs, weight) = (jobs + 1, weight + own);
            // Few jobs give weights by name.
            foreach (var (name, value) in names is null ? [] : ColumnJson.ReadWeights(names))
            {
                named ??= [];
                var before = named.GetValueOrDefault(name);
                named[name] = (before.Named + value, before.Weight + own);
            }
        }
    }
}
