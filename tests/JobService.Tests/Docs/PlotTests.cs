using System.Globalization;
using System.Text.RegularExpressions;

namespace JobService.Tests.Docs;

/// <summary>Files that documents name are there: the plot of a job in docs/architecture.md, and the table of CONTRIBUTING.md.</summary>
public sealed partial class PlotTests
{
    private static readonly string sources = Path.Combine(DocumentText.Repository, "src", "JobService");

    [Fact]
    public void The_plot_of_a_job_is_as_long_as_it_says()
    {
        var text = DocumentText.Of("docs/architecture.md");
        var told = Told().Match(text);
        var files = Row().Matches(text).Select(row => (Number: Number(row.Groups["number"].Value), Path: Path.Combine(sources, row.Groups["file"].Value))).ToArray();

        Assert.Equal(Enumerable.Range(1, Number(told.Groups["files"].Value)), files.Select(file => file.Number));
        Assert.All(files, file => Assert.True(File.Exists(file.Path), $"{file.Path} is not there (any more): name the file that took its place."));
        // A tenth is what "about" means: whoever changes a line here and there has nothing to do.
        var lines = files.Sum(file => File.ReadLines(file.Path).Count());
        Assert.InRange(Number(told.Groups["lines"].Value), 0.9 * lines, 1.1 * lines);
    }

    [Fact]
    public void What_the_table_of_changes_names_is_there()
    {
        var paths = DocumentText.Of("CONTRIBUTING.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .SelectMany(line => PathInCode().Matches(line).Select(path => path.Groups["path"].Value)).ToArray();

        Assert.True(paths.Length > 30, $"{paths.Length} paths.");
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(sources, path)) || Path.Exists(Path.Combine(DocumentText.Repository, path)), $"{path} is not there (any more): name what took its place."));
    }

    private static int Number(string text) => int.Parse(text.Replace(" ", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"read these (?<files>\d+) files of `src/JobService`, about (?<lines>[\d ]+) lines", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Told();

    [GeneratedRegex(@"^\| (?<number>\d+)\. \| `(?<file>[^`]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<path>[A-Za-z.]+/[A-Za-z./]+)`", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex PathInCode();
}
