using System.Globalization;
using System.Text.RegularExpressions;
using JobService.Tests.Docs;

namespace JobService.Tests;

/// <summary>docs/architecture.md shows the floors and the plot of a job as they are, and the files that CONTRIBUTING.md names are there.</summary>
public sealed partial class FloorPlanTests
{
    private static readonly string sourceFolder = Path.Combine(DocumentText.Repository, "src", "JobService");

    [Fact]
    public void The_document_shows_the_floors_of_the_plan()
    {
        var shown = FloorRow().Matches(DocumentText.Of("docs/architecture.md"))
            .SelectMany(row => InCode().Matches(row.Groups["folders"].Value).Select(folder => (Room: RoomOf(folder.Groups["text"].Value), Floor: Number(row.Groups["floor"]))));

        Assert.Equal(floors.Select(place => (Room: place.Key, Floor: place.Value)).Order(), shown.Order());
    }

    [Fact]
    public void The_plot_of_a_job_is_as_long_as_it_says()
    {
        var text = DocumentText.Of("docs/architecture.md");
        var told = LengthOfPlot().Match(text);
        var files = PlotRow().Matches(text).Select(row => (Number: Number(row.Groups["number"]), Path: row.Groups["file"].Value)).ToArray();

        Assert.Equal(Enumerable.Range(1, Number(told.Groups["files"])), files.Select(file => file.Number));
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(sourceFolder, file.Path)), $"docs/architecture.md: {file.Path} is not there (any more); name the file that took its place."));
        // A tenth is what "about" means: whoever changes a line here and there has nothing to do.
        var lines = files.Sum(file => File.ReadLines(Path.Combine(sourceFolder, file.Path)).Count());
        Assert.InRange(Number(told.Groups["lines"]), 0.9 * lines, 1.1 * lines);
        Assert.All(
            InCode().Matches(text).Select(code => code.Groups["text"].Value).Where(name => name.EndsWith(".cs", StringComparison.Ordinal) && name.Contains('/', StringComparison.Ordinal)),
            path => Assert.True(File.Exists(Path.Combine(sourceFolder, path)), $"docs/architecture.md: {path} is not there (any more)."));
    }

    [Fact]
    public void The_files_of_the_commonest_changes_are_there()
    {
        var paths = DocumentText.Of("CONTRIBUTING.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .SelectMany(line => PathInCode().Matches(line).Select(path => path.Groups["path"].Value)).ToArray();

        Assert.True(paths.Length > 30, $"{paths.Length} paths.");
        Assert.All(paths, path => Assert.True(
            Path.Exists(Path.Combine(sourceFolder, path)) || Path.Exists(Path.Combine(DocumentText.Repository, path)), $"CONTRIBUTING.md: {path} is not there (any more); name what took its place."));
    }

    private static string RoomOf(string folder) => folder == "Program.cs" ? Root : folder.Replace('/', '.');

    private static int Number(Group text) => int.Parse(text.Value.Replace(" ", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| (?<floor>\d+) \| (?<folders>[^|]+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex FloorRow();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex InCode();

    [GeneratedRegex(@"read these (?<files>\d+) files of `src/JobService`, about (?<lines>[\d ]+) lines", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex LengthOfPlot();

    [GeneratedRegex(@"^\| (?<number>\d+)\. \| `(?<file>[^`]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex PlotRow();

    [GeneratedRegex("`(?<path>[A-Za-z.]+/[A-Za-z./]+)`", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex PathInCode();
}
