using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DevLab.JmesPath;
using DevLab.JmesPath.Expressions;
using JobService.Limits;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobService.Upstream;

/// <summary>What a call has really cost, where the API says so in its answer: <see cref="LimitDefinition.WeightFrom"/>.</summary>
/// <remarks>The expression comes from whoever may define queues, the answer from anywhere: whatever stands in it, the worst is that nothing is corrected.</remarks>
public sealed class TrueCost(ILogger<TrueCost> logger)
{
    /// <summary>Characters of an expression. What nests is walked recursively by the library: a thousand brackets were too much for 256 KiB of stack.</summary>
    public const int MaxExpressionLength = 500;

    /// <summary>No limit is so large; a wrong unit must not block one for years.</summary>
    public const int MaxWeight = 1_000_000_000;

    private const int MaxDepth = 32;

    /// <summary>As objects a document takes up to fifty times its size. A mere path needs none.</summary>
    private const int MaxBytesAsObjects = 1024 * 1024;

    /// <summary>Expressions of definitions that are long gone are dropped now and then, with all others.</summary>
    private const int MaxExpressions = 1_000;

    private readonly ConcurrentDictionary<string, CostExpression> expressions = new();

    /// <returns>What is wrong with the expression; null when it is one.</returns>
    public static string? Fault(string expression)
    {
        if (string.IsNullOrWhiteSpace(expression))
            return "A JMESPath expression, as usage.total_tokens.";
        if (expression.Length > MaxExpressionLength)
            return $"At most {MaxExpressionLength} characters.";
        try
        {
            new JmesPath().Parse(expression);
            return null;
        }
        catch (Exception wrong)
        {
            return $"Not a JMESPath expression: {wrong.Message}";
        }
    }

    /// <returns>From 0 to <see cref="MaxWeight"/>, rounded up; null when the answer does not say it.</returns>
    public int? Of(string expression, ApiAnswer.Answered answer)
    {
        if (answer.Status is < 200 or > 299 || answer.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) != true)
            return null;

        var known = Known(expression);
        var (cost, why) = Evaluate(known, answer.Body);
        if (cost is null && known.TellOnce())
            logger.LogDebug("{Expression} named no cost in an answer, whose weight stays as it was: {Why}", expression, why);
        return cost;
    }

    private static (int? Cost, string Why) Evaluate(CostExpression expression, ReadOnlyMemory<byte> body)
    {
        try
        {
            return expression.Path is { } path ? (Weight(NumberAt(path, body)), "no number from 0") : Whole(expression, body);
        }
        catch (Exception error)
        {
            return (null, error.Message);
        }
    }

    private static (int? Cost, string Why) Whole(CostExpression expression, ReadOnlyMemory<byte> body)
    {
        if (body.Length > MaxBytesAsObjects)
            return (null, $"only a path of names is looked up in more than {MaxBytesAsObjects} bytes");
        return Parse(body) is { } document ? (Weight(NumberOf(expression.Evaluate(document))), "no number from 0") : (null, "no JSON");
    }

    private static double? NumberAt(string[] path, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
        var element = document.RootElement;
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element.ValueKind == JsonValueKind.Number ? element.GetDouble() : null;
    }

    private static JToken? Parse(ReadOnlyMemory<byte> body)
    {
        using var text = new StringReader(Encoding.UTF8.GetString(body.Span));
        using var reader = new JsonTextReader(text) { MaxDepth = MaxDepth, DateParseHandling = DateParseHandling.None };
        if (!reader.Read())
            return null;
        var document = JToken.Load(reader);
        return reader.Read() ? null : document;
    }

    private static double? NumberOf(JToken? result) => result?.Type is JTokenType.Integer or JTokenType.Float ? (double)result : null;

    private static int? Weight(double? cost) => cost is { } number && double.IsFinite(number) && number >= 0 ? (int)Math.Min(Math.Ceiling(number), MaxWeight) : null;

    private CostExpression Known(string text)
    {
        if (expressions.TryGetValue(text, out var known))
            return known;
        if (expressions.Count >= MaxExpressions)
            expressions.Clear();
        return expressions.GetOrAdd(text, static text => new CostExpression(text, PathOf(text)));
    }

    private static string[]? PathOf(string expression)
    {
        var names = expression.Split('.');
        return Array.TrueForAll(names, IsPlainName) ? names : null;
    }

    private static bool IsPlainName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');

    /// <param name="text">The expression.</param>
    /// <param name="path">Its names, when it is nothing but a path of names.</param>
    private sealed class CostExpression(string text, string[]? path)
    {
        // A compiled expression keeps the variables of an evaluation in itself: shared between threads it gives wrong answers, so each use has its own.
        private readonly ConcurrentBag<JmesPathExpression> idle = [];
        private int told;

        public string[]? Path { get; } = path;

        public bool TellOnce() => Interlocked.Exchange(ref told, 1) == 0;

        public JToken? Evaluate(JToken document)
        {
            if (!idle.TryTake(out var compiled))
                compiled = new JmesPath().Parse(text);
            var result = compiled.Transform(document).AsJToken();
            idle.Add(compiled); // not after an exception: its variables would stay in it
            return result;
        }
    }
}
