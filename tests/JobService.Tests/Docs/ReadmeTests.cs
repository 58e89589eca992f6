namespace JobService.Tests.Docs;

/// <summary>The README is read in four minutes, its two commands are there, and every link of a document leads somewhere.</summary>
public sealed class ReadmeTests
{
    // 225 words a minute, code among them.
    private const int MaxWords = 900;
    private const int MaxLines = 130;

    public static TheoryData<string> Documents => [.. DocumentText.All];

    [Fact]
    public void It_is_read_in_four_minutes()
    {
        var text = DocumentText.Of("README.md");

        Assert.InRange(text.Split('\n').Length - 1, 60, MaxLines);
        Assert.InRange(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, 400, MaxWords);
    }

    [Fact]
    public void Its_two_commands_are_those_of_the_repository()
    {
        var commands = DocumentBlocks.Of("../README.md").First(block => block.Heading == "Two commands").Text;

        Assert.Equal(["dotnet run --project src/JobService", "scripts/test.sh"], commands.TrimEnd().Split('\n').Select(line => line.Split('#')[0].Trim()));
        Assert.True(File.Exists(Path.Combine(DocumentText.Repository, "src/JobService/JobService.csproj")));
        Assert.StartsWith("#!", DocumentText.Of("scripts/test.sh"), StringComparison.Ordinal);
        Assert.Contains("/../scripts/test.sh\"", DocumentText.Of(".ci/run"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Its_links_lead_somewhere(string document)
    {
        Assert.All(DocumentText.LinksOf(document), link =>
        {
            var (file, anchor) = link.Split('#') is [var path, var name] ? (path, name) : (link, "");
            var target = file == "" ? document : Path.GetRelativePath(DocumentText.Repository, Path.Combine(DocumentText.Repository, Path.GetDirectoryName(document)!, file));
            Assert.True(Path.Exists(Path.Combine(DocumentText.Repository, target)), $"{document} links to {link}: there is no {target}.");
            Assert.True(anchor == "" || DocumentText.AnchorsOf(target).Contains(anchor), $"{document} links to {link}: {target} has no such heading.");
        });
    }

    [Fact]
    public void Links_are_found()
    {
        Assert.Contains("docs/limits.md", DocumentText.LinksOf("README.md"));
        Assert.Contains("jobs.md#when-hanging-up-cancels", DocumentText.LinksOf("docs/proxies.md"));
        Assert.Contains("when-hanging-up-cancels", DocumentText.AnchorsOf("docs/jobs.md"));
        Assert.Contains("batches-gather-as_completed-wait", DocumentText.AnchorsOf("docs/batches.md"));
    }
}
