using System.Text.RegularExpressions;

namespace JobService.Tests.Docs;

/// <summary>docs/recipes.md as its reader sees it: code to copy, and below it what it prints.</summary>
internal static partial class RecipeBook
{
    private const string Output = "text";

    private static readonly DocumentBlock[] blocks = [.. DocumentBlocks.Of("recipes.md")];

    /// <summary>Code with an output right below it.</summary>
    public static IReadOnlyList<Recipe> Recipes { get; } =
        [.. blocks.Zip(blocks.Skip(1)).Where(pair => pair.First.Language != Output && pair.Second.Language == Output)
            .Select(pair => new Recipe(pair.First.Heading, pair.First.Language, pair.First.Text, pair.Second.Text))];

    /// <summary>Code without one, by file name: what programs import.</summary>
    public static IReadOnlyDictionary<string, string> Modules { get; } =
        blocks.Where(block => block.Language != Output && Recipes.All(recipe => recipe.Code != block.Text)).ToDictionary(block => FileName(block.Text), block => block.Text);

    /// <summary>A program's first line is a comment with the name it is to be saved under.</summary>
    public static string FileName(string code) =>
        NamedFirst().Match(code) is { Success: true } first ? first.Groups["name"].Value : throw new InvalidOperationException($"No file name in the first line of:\n{code}");

    [GeneratedRegex(@"\A(#|//|<!--) (?<name>[\w.-]+)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex NamedFirst();
}

/// <param name="Heading">Of the section it stands in.</param>
/// <param name="Language">As the document marks it: <c>python</c>, <c>sh</c>, <c>csharp</c>, <c>html</c>.</param>
/// <param name="Code">To be copied.</param>
/// <param name="Output">What it prints, ids and times as "…".</param>
internal sealed record Recipe(string Heading, string Language, string Code, string Output);
