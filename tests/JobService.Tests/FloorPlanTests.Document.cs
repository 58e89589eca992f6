using System.Globalization;
using System.Text.RegularExpressions;
using JobService.Tests.Docs;

namespace JobService.Tests;

/// <summary>docs/architecture.md shows the floors as they are.</summary>
public sealed partial class FloorPlanTests
{
    [Fact]
    public void The_document_shows_the_floors_of_the_plan()
    {
        var shown = FloorRow().Matches(DocumentText.Of("docs/architecture.md"))
            .SelectMany(row => Folder().Matches(row.Groups["folders"].Value)
                .Select(folder => (Room: RoomOf(folder.Groups["name"].Value), Floor: int.Parse(row.Groups["floor"].Value, CultureInfo.InvariantCulture))))
            .ToDictionary(place => place.Room, place => place.Floor);

        Assert.Empty(floors.Keys.Except(shown.Keys));
        Assert.Equal(Ranks(floors), Ranks(shown.Where(place => floors.ContainsKey(place.Key))));
    }

    private static string RoomOf(string folder) => folder == "Program.cs" ? Root : folder.Replace('/', '.');

    /// <summary>Which floor above which: what stands between two of them moves neither.</summary>
    private static IEnumerable<(string Room, int Rank)> Ranks(IEnumerable<KeyValuePair<string, int>> places)
    {
        var own = places.ToArray();
        var levels = own.Select(place => place.Value).Distinct().Order().ToList();
        return own.Select(place => (place.Key, levels.IndexOf(place.Value))).OrderBy(place => place.Key, StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| (?<floor>\d+) \| (?<folders>[^|]+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex FloorRow();

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Folder();
}
