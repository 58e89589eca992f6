using JobService.Tests.Judges;

namespace JobService.Tests.Docs;

/// <summary>Every program of docs/recipes.md does on a fresh service what the document says.</summary>
[Collection(JudgesAlone.Name)]
public sealed class RecipeTests(RecipeKitchen kitchen) : IClassFixture<RecipeKitchen>
{
    public static TheoryData<string> Headings => [.. RecipeBook.Recipes.Select(recipe => recipe.Heading)];

    [Theory]
    [MemberData(nameof(Headings))]
    public async Task It_prints_what_the_document_says(string heading)
    {
        var recipe = RecipeBook.Recipes.Single(recipe => recipe.Heading == heading);

        var printed = await kitchen.PrintedByAsync(recipe);

        Assert.True(recipe.Output == printed, $"The document says\n{recipe.Output}\nand it prints\n{printed}");
    }

    [Fact]
    public void All_programs_of_the_document_are_among_them()
    {
        Assert.Equal(["api.py", "jobservice.py"], RecipeBook.Modules.Keys.Order());
        Assert.Equal(
            [("csharp", 2), ("html", 1), ("python", 9), ("sh", 6)],
            RecipeBook.Recipes.GroupBy(recipe => recipe.Language).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
    }
}
