using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace JobService.Tests.Docs;

/// <summary>What stands in the documents of the repository beside code: links and headings.</summary>
internal static partial class DocumentText
{
    /// <summary>The folder of the repository.</summary>
    public static string Repository { get; } = RepositoryOf();

    /// <summary>The documents of docs, by file name.</summary>
    public static IReadOnlyList<string> InDocs { get; } = [.. Directory.EnumerateFiles(Path.Combine(Repository, "docs"), "*.md").Select(file => Path.GetFileName(file))];

    /// <summary>All documents that readers begin with, by their paths in the repository.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Directory.EnumerateFiles(Repository, "*.md").Select(file => Path.GetFileName(file)).Concat(InDocs.Select(name => $"docs/{name}"))];

    public static string Of(string path) => File.ReadAllText(Path.Combine(Repository, path));

    /// <summary>The targets of links within the repository, <c>path#anchor</c>.</summary>
    public static IEnumerable<string> LinksOf(string path) =>
        Link().Matches(WithoutCode(Of(path))).Select(link => link.Groups["target"].Value).Where(target => !target.Contains("://", StringComparison.Ordinal));

    /// <summary>The anchors that GitHub makes of headings.</summary>
    public static IEnumerable<string> AnchorsOf(string path) =>
        Heading().Matches(WithoutCode(Of(path))).Select(heading => NotInAnchors().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string WithoutCode(string text) => Fenced().Replace(text, "");

    private static string RepositoryOf([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline, 5_000)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]", RegexOptions.None, 5_000)]
    private static partial Regex NotInAnchors();
}
