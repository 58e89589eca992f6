using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace JobService.Tests.Docs;

/// <summary>The code blocks of a document in docs, in its order.</summary>
internal static partial class DocumentBlocks
{
    public static IEnumerable<DocumentBlock> Of(string file)
    {
        var heading = "";
        foreach (Match part in HeadingOrBlock().Matches(Text(file)))
        {
            if (part.Groups["heading"].Success)
                heading = part.Groups["heading"].Value;
            else
                yield return new DocumentBlock(heading, part.Groups["language"].Value, part.Groups["text"].Value);
        }
    }

    public static string Text(string file, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", file));

    [GeneratedRegex("^##+ (?<heading>[^\n]+)$|^```(?<language>[a-z]+)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex HeadingOrBlock();
}

/// <param name="Heading">Of the section it stands in.</param>
/// <param name="Language">As the document marks it.</param>
/// <param name="Text">What stands between the marks.</param>
internal sealed record DocumentBlock(string Heading, string Language, string Text);
