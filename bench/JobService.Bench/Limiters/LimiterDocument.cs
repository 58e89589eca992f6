using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>docs/limiters.md, whose rows are what was measured last.</summary>
internal static class LimiterDocument
{
    private static string Path { get; } = System.IO.Path.Combine(LimiterRig.Folder, "..", "..", "docs", "limiters.md");

    /// <summary>Replaces the rows of these limiters in both tables.</summary>
    public static void Write(IEnumerable<LimiterRow> rows)
    {
        var lines = File.ReadAllLines(Path);
        foreach (var row in rows)
        {
            foreach (var written in (string[])[row.Measured, row.Tells])
            {
                // The limiter and the cell behind it tell the two tables apart.
                var start = string.Join('|', written.Split('|').Take(3)) + "|";
                if (Array.FindIndex(lines, line => line.StartsWith(start, StringComparison.Ordinal)) is >= 0 and var at)
                    lines[at] = written;
                else
                    Console.Error.WriteLine($"docs/limiters.md has no row {start}");
            }
        }

        File.WriteAllLines(Path, lines);
    }
}
