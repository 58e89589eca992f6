using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DevLab.JmesPath;
using DevLab.JmesPath.Expressions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobService.Expressions;

/// <summary>A JMESPath expression on JSON, with bounds on its length, its work and its memory, and thereby its time. Thread-safe.</summary>
/// <remarks>Expression and document may come from anybody. An evaluation cannot be stopped, so one whose bound is above <see cref="MaxWork"/> is not started.</remarks>
public sealed class BoundedExpression
{
    /// <summary>In characters. The library recurses into nested parts: a thousand brackets overflowed a stack of 256 KiB.</summary>
    public const int MaxLength = 500;

    /// <summary>Maximum bytes of a document.</summary>
    public const int MaxDocumentBytes = 1024 * 1024;

    /// <summary>Maximum number of names and values of a document: an empty array has two bytes of text and some hundred as an object.</summary>
    public const int MaxValues = 100_000;

    /// <summary>Steps and bytes: half a second and 200 MB in the worst case, a few milliseconds in any other.</summary>
    public const double MaxWork = 32 * 1024 * 1024;

    private const int MaxDepth = 32;

    /// <summary>An expression that needs too much work for a document of this size is refused when it is defined.</summary>
    private const int SmallDocumentBytes = 1024;

    private readonly string text;
    private readonly Func<double, double> workOn;

    // A compiled expression stores the variables of an evaluation in itself: shared between threads it gives wrong results, so each evaluation has its own.
    private readonly ConcurrentBag<JmesPathExpression> idle = [];

    private BoundedExpression(string text) => (this.text, workOn) = (text, ExpressionCost.Of(text));

    /// <returns>What is wrong with the expression; null when it is valid.</returns>
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

    /// <exception cref="FormatException">It is not a valid expression.</exception>
    public static BoundedExpression Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new FormatException("A JMESPath expression, such as usage.total_tokens.");
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

    /// <summary>The maximum work of an evaluation on this many bytes of JSON.</summary>
    public double WorkOn(int bytes) => workOn(Math.Max(bytes, 1));

    /// <exception cref="FormatException">The document is not valid JSON, too large, or too much work.</exception>
    /// <exception cref="Exception">The expression does not apply to the document: an exception of the library.</exception>
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
        idle.Add(compiled); // not after an exception: its bound variables would remain
        return result;
    }

    /// <summary>Checks with a streaming reader, before any object is created.</summary>
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
