using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace JobService.Tests;

/// <summary>Folders are the stages of a job, and a folder uses only floors below its own.</summary>
public sealed partial class FloorPlanTests
{
    /// <summary>The only place where parts meet: Program.cs.</summary>
    private const string Root = "";
    private const string Sqlite = "Storage.Sqlite";
    private const string Postgres = "Storage.Postgres";

    private static readonly Dictionary<string, int> floors = new()
    {
        [Root] = 6, ["Hosting"] = 6,
        ["Api"] = 5, ["Api.Contracts"] = 5, ["Api.Documentation"] = 5, ["Api.Http"] = 5, ["Dispatch"] = 5, ["Maintenance"] = 5, ["Callbacks"] = 5,
        ["Intake"] = 4, ["Events"] = 4, ["Upstream"] = 4, ["Processing"] = 4,
        ["Storage"] = 3, [Sqlite] = 3, [Postgres] = 3,
        ["Ledger"] = 2, ["Ledger.Commands"] = 2, ["Ledger.Questions"] = 2,
        ["Lanes"] = 1,
        ["Jobs"] = 0, ["Limits"] = 0, ["Expressions"] = 0, ["Telemetry"] = 0,
    };

    /// <summary>Rooms that an arrow is to name whole; those of the API are one to all others.</summary>
    private static readonly List<string> cupboards = [.. floors.Keys.Where(room => room.Contains('.') && !IsApi(room))];

    private static readonly List<Source> sources = ReadSources();
    private static readonly ILookup<string, string> roomsOfTypes = sources
        .SelectMany(source => DeclaredType().Matches(source.Code).Select(match => (Type: match.Groups["name"].Value, source.Room)))
        .ToLookup(declared => declared.Type, declared => declared.Room);

    [Fact]
    public void No_arrow_climbs() =>
        Assert.Empty(sources.SelectMany(source => Arrows(source.Room, source.Code).Where(to => !MayUse(source.Room, to)).Select(to => $"{source.Path} uses {to}")));

    [Fact]
    public void There_are_arrows_to_look_at()
    {
        // A check that matches nothing proves nothing.
        Assert.Contains(sources, source => Arrows(source.Room, source.Code).Any());
        Assert.Contains(sources, source => source.Room == "Storage" && Arrows(source.Room, source.Code).Contains("Jobs"));
    }

    [Fact]
    public void Every_folder_is_on_the_plan() =>
        Assert.Empty(sources.Where(source => !floors.ContainsKey(source.Room) || (source.Room == Root && source.Path != "Program.cs")).Select(source => source.Path));

    [Fact]
    public void The_namespace_is_the_folder() =>
        Assert.Empty(sources.Where(source => source.Room != Root)
            .Where(source => DeclaredNamespace().Match(source.Code).Groups["name"].Value != $"JobService.{source.Room}")
            .Select(source => source.Path));

    [Fact]
    public void No_global_using_hides_an_arrow() =>
        Assert.DoesNotContain(sources, source => source.Code.Contains("global using", StringComparison.Ordinal));

    [Theory]
    [InlineData("Jobs", "using JobService.Storage;", "Storage")]
    [InlineData("Jobs", "global using static JobService.Api.Problems;", "Api")]
    [InlineData("Storage", "using Store = JobService.Storage.Sqlite.SqliteJobStore;", Sqlite)]
    [InlineData("Api", "JobService.Dispatch.SlotClock clock;", "Dispatch")]
    [InlineData("Api", "var clock = new Dispatch.SlotClock(time);", "Dispatch")]
    [InlineData("Limits", "private readonly Storage.IJobStore store;", "Storage")]
    [InlineData("Storage", "using JobService.Events;", "Events")]
    [InlineData("Ledger", "using JobService.Storage;", "Storage")]
    [InlineData("Ledger", "using JobService.Ledger.Commands;", "Ledger.Commands")]
    [InlineData("Ledger", "new Commands.CancelJob(job, reason)", "Ledger.Commands")]
    [InlineData("Ledger.Questions", "new JobService.Ledger.Commands.CancelJob(job, reason)", "Ledger.Commands")]
    [InlineData("Ledger", "private readonly Storage.Sqlite.SqliteStatement begin;", Sqlite)]
    [InlineData("Storage", "private readonly Storage.Postgres.Term term;", Postgres)]
    public void An_arrow_that_climbs_is_seen(string room, string code, string to)
    {
        Assert.Contains(to, Arrows(room, code));
        Assert.False(MayUse(room, to));
    }

    [Theory]
    [InlineData("Jobs", "// using JobService.Storage;")]
    [InlineData("Jobs", "/// <see cref=\"JobService.Storage.IJobStore\"/>")]
    [InlineData("Jobs", "const string Section = \"JobService.Storage\";")]
    [InlineData("Jobs", "catalog.Storage.IJobStore()")]
    [InlineData("Jobs", "Storage.Add(entry);")]
    public void What_only_looks_like_an_arrow_is_none(string room, string code) => Assert.Empty(Arrows(room, Bare(code)));

    [Theory]
    [InlineData(Root, Sqlite, true)]
    [InlineData(Root, "Api", true)]
    [InlineData(Sqlite, "Storage", true)]
    [InlineData(Root, Postgres, true)]
    [InlineData(Postgres, "Storage", true)]
    [InlineData(Postgres, Sqlite, false)]
    [InlineData(Sqlite, Postgres, false)]
    [InlineData("Storage", Postgres, false)]
    [InlineData(Sqlite, "Lanes", true)]
    [InlineData(Sqlite, "Ledger", true)]
    [InlineData("Ledger", "Lanes", true)]
    [InlineData("Ledger", Sqlite, false)]
    [InlineData("Ledger.Commands", "Ledger", true)]
    [InlineData("Ledger.Commands", "Jobs", true)]
    [InlineData("Ledger.Commands", "Ledger.Questions", false)]
    [InlineData("Ledger.Commands", "Storage", false)]
    [InlineData("Ledger", "Ledger.Commands", false)]
    [InlineData(Sqlite, "Ledger.Commands", true)]
    [InlineData("Storage", Sqlite, false)]
    [InlineData("Maintenance", Sqlite, false)]
    [InlineData("Api", "Maintenance", false)]
    [InlineData("Api", "Api.Http", true)]
    [InlineData("Api.Http", "Api", true)]
    [InlineData("Api.Http", "Storage", true)]
    [InlineData("Api.Http", "Dispatch", false)]
    [InlineData("Dispatch", "Api.Http", false)]
    [InlineData("Intake", "Events", false)]
    [InlineData("Lanes", "Limits", true)]
    [InlineData("Limits", "Jobs", false)]
    public void The_plan_says_who_may_use_whom(string from, string to, bool may) => Assert.Equal(may, MayUse(from, to));

    private static bool MayUse(string from, string to) => (from, to) switch
    {
        (Root, _) => true,
        (_, Sqlite or Postgres) => false,
        (Sqlite or Postgres, "Storage") => true,
        // A command knows the rules that it applies; a rule knows no command.
        ("Ledger.Commands" or "Ledger.Questions", "Ledger") => true,
        // One room with cupboards: what bodies look like, how requests are read, how all of it is described.
        _ when IsApi(from) && IsApi(to) => true,
        _ => floors.TryGetValue(to, out var below) && floors.TryGetValue(from, out var own) && below < own,
    };

    private static bool IsApi(string room) => room.Split('.')[0] == "Api";

    /// <summary>Rooms that the code names, its own left out.</summary>
    private static IEnumerable<string> Arrows(string room, string code)
    {
        var whole = WholeName().Matches(code)
            .Where(match => !match.Groups["declaration"].Success)
            .Select(match => match.Groups["name"].Value)
            .Select(RoomNamed);

        // Within the root namespace, Storage.IJobStore needs no using. Only a type of that room counts: Limits may be a property, too.
        var relative = RelativeName().Matches(code)
            .SelectMany(match => roomsOfTypes[match.Groups["type"].Value]
                .Where(home => $".{home}".EndsWith($".{match.Groups["room"].Value}", StringComparison.Ordinal)));

        return whole.Concat(relative).Where(to => to != room).Distinct();
    }

    private static string RoomNamed(string name) =>
        cupboards.Find(room => $"{name}.".StartsWith($"{room}.", StringComparison.Ordinal)) ?? name.Split('.')[0];

    private static List<Source> ReadSources([CallerFilePath] string here = "")
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "src", "JobService"));
        return [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(path => !path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal))
            .Select(path => new Source(path, Path.GetDirectoryName(path)!.Replace('\\', '/').Replace('/', '.'), Bare(File.ReadAllText(Path.Combine(root, path)))))];
    }

    /// <summary>Without comments and texts: they may name anything.</summary>
    private static string Bare(string code) => CommentOrText().Replace(code, " ");

    // Texts first, so that the slashes of an address begin no comment.
    [GeneratedRegex("""\"{3}.*?\"{3}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|//[^\n]*|/\*.*?\*/""", RegexOptions.Singleline, 5_000)]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"(?<declaration>namespace\s+)?\bJobService\.(?<name>[A-Z]\w*(\.[A-Z]\w*)*)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex WholeName();

    [GeneratedRegex(@"(?<![\w.])(?<room>Storage\.(Postgres|Sqlite)|Ledger\.(Commands|Questions)|Api\.(Contracts|Documentation|Http)|[A-Z]\w*)\.(?<type>[A-Z]\w*)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex RelativeName();

    [GeneratedRegex(@"^namespace\s+(?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex DeclaredNamespace();

    [GeneratedRegex(@"\b(class|record|struct|interface|enum)\s+(class\s+|struct\s+)?(?<name>[A-Z]\w*)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex DeclaredType();

    private sealed record Source(string Path, string Room, string Code);
}
