using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>Extracts the bounds and the default of a field from the sentence that documents them: written once, they cannot differ.</summary>
/// <remarks>A default is left out where sending it means something other than sending nothing: for a job's field, which a batch's <c>defaults</c> may fill, and for a field that only one kind has.</remarks>
internal static partial class Bounds
{
    /// <param name="schema">A field or a parameter.</param>
    /// <param name="text">Its description.</param>
    /// <param name="hasDefault">Whether sending the default is the same as sending nothing.</param>
    public static void Apply(OpenApiSchema schema, string? text, bool hasDefault)
    {
        if (text is null)
            return;
        if (hasDefault)
            schema.Default = DefaultIn(schema, text);
        var type = schema.Type & ~JsonSchemaType.Null;
        if (type is JsonSchemaType.Integer or JsonSchemaType.Number)
            OfNumber(schema, text);
        else if (type is JsonSchemaType.String && Characters().Match(text) is { Success: true } characters)
            (schema.MinLength, schema.MaxLength) = (characters.Groups["min"] is { Success: true } min ? int.Parse(min.Value, CultureInfo.InvariantCulture) : null, Whole(characters.Groups["max"]));
        else if (type is JsonSchemaType.Array && Count().Match(text) is { Success: true } items)
            schema.MaxItems = Whole(items.Groups["max"]);
        else if (type is JsonSchemaType.Object && Count().Match(text) is { Success: true } names)
            schema.MaxProperties = Whole(names.Groups["max"]);
    }

    private static JsonValue? DefaultIn(OpenApiSchema schema, string text)
    {
        var type = schema.Type & ~JsonSchemaType.Null;
        if (type is JsonSchemaType.Integer or JsonSchemaType.Number && DefaultNumber().Match(text) is { Success: true } number)
            return type is JsonSchemaType.Integer ? JsonValue.Create(Whole(number.Groups["value"])) : JsonValue.Create(double.Parse(Plain(number.Groups["value"]), CultureInfo.InvariantCulture));
        return type is JsonSchemaType.String or null && DefaultWord().Match(text) is { Success: true } word ? JsonValue.Create(word.Groups["value"].Value) : null;
    }

    private static void OfNumber(OpenApiSchema schema, string text)
    {
        if (Range().Match(text) is { Success: true } range)
        {
            schema.Minimum = range.Groups["min"] is { Success: true } min ? Plain(min) : null;
            schema.Maximum = Plain(range.Groups["max"]);
            return;
        }

        if (Above().Match(text) is { Success: true } above)
            schema.ExclusiveMinimum = Plain(above.Groups["min"]);
        if (AtLeast().Match(text) is { Success: true } least)
            schema.Minimum = Plain(least.Groups["min"]);
        if (AtMost().Match(text) is { Success: true } most)
            schema.Maximum = Plain(most.Groups["max"]);
        if (From().Match(text) is { Success: true } from)
            schema.Minimum = Plain(from.Groups["min"]);
    }

    /// <summary>The text groups thousands with spaces: 2 592 000.</summary>
    private static string Plain(Group number) => number.Value.Replace(" ", "", StringComparison.Ordinal);

    private static int Whole(Group number) => int.Parse(Plain(number), CultureInfo.InvariantCulture);

    private const string Number = @"-?\d{1,3}(?:\x20\d{3})+|-?\d+(?:\.\d+)?";

    [GeneratedRegex($@"\b[Dd]efault:?\x20(?<value>{Number})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DefaultNumber();

    [GeneratedRegex(@"\bDefault: `(?<value>\w+)`\.|`(?<value>\w+)`:? \(default\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DefaultWord();

    // A bound may be the value of another field.
    [GeneratedRegex($@"(?:\b[Ff]rom|[:,]) (?:(?<min>{Number})|`\w+`) to (?<max>{Number})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Range();

    [GeneratedRegex($@"\b[Ff]rom (?<min>{Number})(?![\d ]*\d)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex From();

    [GeneratedRegex($@"\b[Aa]bove (?<min>{Number})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Above();

    [GeneratedRegex($@"\b[Aa]t least (?<min>{Number})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AtLeast();

    [GeneratedRegex($@"\b[Aa]t most (?<max>{Number})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AtMost();

    [GeneratedRegex($@"(?:(?<min>\d+) to |\bat most |\bAt most )(?<max>{Number}) characters", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Characters();

    [GeneratedRegex($@"\b(?:At most|Up to) (?<max>{Number})\b(?! characters)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Count();
}
