namespace JobService.Tests.Docs;

/// <summary>The examples of the README and of the documents in docs run as they stand there, and print what stands below them.</summary>
public sealed class DocumentTests
{
    private const string Readme = "../README.md";

    /// <summary>Documents with examples, and how many there are.</summary>
    public static TheoryData<string, int> Documents => new()
    {
        { Readme, 3 }, { "jobs.md", 4 }, { "limits.md", 7 }, { "batches.md", 4 }, { "callbacks.md", 1 }, { "events.md", 1 },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task The_examples_run_in_the_order_of_the_document(string document, int count)
    {
        var examples = DocumentRun.ExamplesOf(document);
        Assert.Equal(count, examples.Count);

        var (printed, failures) = await DocumentRun.RunAsync(document);

        Assert.True(failures == "", $"{failures}\n{string.Concat(printed)}");
        Assert.Equal(count + 1, printed.Count);
        Assert.Equal("", printed[^1].Trim());
        Assert.All(examples.Zip(printed), pair =>
            Assert.True(pair.First.Shown is null || DocumentRun.Shows(pair.Second, pair.First.Shown), $"{pair.First.Heading}: the document says\n{pair.First.Shown}\nand it prints\n{pair.Second}"));
    }

    [Fact]
    public void No_other_document_has_examples() =>
        Assert.Equal(
            Documents.Select(row => row.Data.Item1).Where(document => document != Readme).Append("recipes.md").Order(),
            DocumentText.InDocs.Where(document => DocumentRun.ExamplesOf(document).Count > 0).Order());
}
