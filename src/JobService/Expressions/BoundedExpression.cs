using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DevLab.JmesPath;
using DevLab.JmesPath.Expressions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobService.Expressions;

/// <summary>A JMESPath expression on JSON, with bounds on its length, its work, its memory and so its time. For any number of threads.</summary>
/// <remarks>Expression and document may come from anybody. An evaluation cannot be stopped, so that one whose bound is above <see cref="MaxWork"/> is not begun.</remarks>
public sealed class BoundedExpression
{
    /// <summary>Characters. What nests is walked recursively by the library: a thousand brackets were too much for 256 KiB of stack.</summary>
    public const int MaxLength = 500;

    /// <summary>Bytes of a document.</summary>
    public const int MaxDocumentBytes = 1024 * 1024;

    /// <summary>Names and values of a document: an empty array has two bytes of text and some hundred as an object.</summary>
    public const int MaxValues = 100_000;

    /// <summary>Steps and bytes: half a second and 200 MB in the worst case, a few milliseconds in any other.</summary>
    public const double MaxWork = 32 * 1024 * 1024;

    private const int MaxDepth = 32;

    /// <summary>What is too much for a document of this size is refused at once.</summary>
    private const int SmallDocumentBytes = 1024;

    private readonly string text;
    private readonly Func<double, double> workOn;

    // A compiled expression keeps the variables of an evaluation in itself: shared between threads it gives wrong results, so each use has its own.
    private readonly ConcurrentBag<JmesPathExpression> idle = [];

    private BoundedExpression(string text) => (this.text, workOn) = (text, ExpressionCost.Of(text));

    /// <returns>What is wrong with the expression; null when it is one.</returns>
    public static string? Fault(string text)
    {
        try
        {
            return Parse(text).WorkOn(SmallDocumentBytes) > MaxWork ? "It may take more work than is allowed, on a document of 1 KiB already. Use fewer or less nested lists." : null;
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }

    /// <exception cref="FormatException">It is no expression.</exception>
    public static BoundedExpression Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new FormatException("A JMESPath expression, as usage.total_tokens.");
        if (text.Length > MaxLength)
            throw new FormatException($"At most {MaxLength} characters.");
        try
        {
            var compiled = new JmesPath().Parse(text);
            var expression = new BoundedExpression(text);
            expression.idle.Add(compiled);
            return expression;
        }
        catch (Exception wrong) when (wrong is not FormatException)
        {
            throw new FormatException($"Not a JMESPath expression: {wrong.Message}", wrong);
        }
    }

    /// <summary>The most that an evaluation on so many bytes of JSON can take.</summary>
    public double WorkOn(int bytes) => workOn(Math.Max(bytes, 1));

    /// <exception cref="FormatException">The document is no JSON, too large, or too much work.</exception>
    /// <exception cref="Exception">The expression does not fit the document: the library's own.</exception>
    public JToken? Evaluate(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxDocumentBytes)
            throw new FormatException($"Only a path of names is looked up in more than {MaxDocumentBytes} bytes.");
        if (WorkOn(json.Length) > MaxWork)
            throw new FormatException($"It may take more work than is allowed on {json.Length} bytes.");

        CountValues(json);
        var document = Document(json);
        if (!idle.TryTake(out var compiled))
            compiled = new JmesPath().Parse(text);
        var result = compiled.Transform(document).AsJToken();
        idle.Add(compiled); // not after an exception: what it had bound would stay in it
        return result;
    }

    /// <summary>By a reader, before anything is made of it.</summary>
    private static void CountValues(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        for (var values = 0; reader.Read();)
        {
            if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject) && ++values > MaxValues)
                throw new FormatException($"Only a path of names is looked up in more than {MaxValues} names and values.");
        }
    }

    private static JToken Document(ReadOnlySpan<byte> json)
    {
        using var characters = new StringReader(Encoding.UTF8.GetString(json));
        using var reader = new JsonTextReader(characters) { MaxDepth = MaxDepth, DateParseHandling = DateParseHandling.None };
        if (!reader.Read())
            throw new FormatException("No JSON.");
        var document = JToken.Load(reader);
        return reader.Read() ? throw new FormatException("More than one JSON value.") : document;
    }
}
