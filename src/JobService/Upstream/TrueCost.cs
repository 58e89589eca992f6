using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using JobService.Expressions;
using JobService.Limits;
using Newtonsoft.Json.Linq;

namespace JobService.Upstream;

/// <summary>Reads the actual cost of a call from its response: <see cref="LimitDefinition.WeightFrom"/>.</summary>
/// <remarks>The expression comes from whoever may define queues, the response from anywhere: whatever it contains, the worst outcome is that nothing is corrected.</remarks>
public sealed class TrueCost(ILogger<TrueCost> logger)
{
    /// <summary>The largest cost accepted: a wrong unit must not block a limit for years.</summary>
    public const int MaxWeight = 1_000_000_000;

    private const int MaxDepth = 32;

    /// <summary>How many documents of a stream are searched for a cost. Invalid JSON costs an exception.</summary>
    private const int MaxTried = 5_000;

    /// <summary>Maximum cached expressions: beyond it the cache is cleared, which drops those of deleted definitions.</summary>
    private const int MaxExpressions = 1_000;

    /// <summary>An evaluation above these bounds must wait for one of the <see cref="Turns"/>: one below them takes a few megabytes at most.</summary>
    private const int MaxBytesInPassing = 16 * 1024;
    private const double MaxWorkInPassing = 1024 * 1024;

    private readonly ConcurrentDictionary<string, CostExpression> expressions = new();

    /// <summary>How many memory-intensive evaluations may run at once, however many calls there are.</summary>
    internal static SemaphoreSlim Turns { get; } = new(2);

    /// <summary>Whether reading the cost needs one of the <see cref="Turns"/>.</summary>
    public bool TakesTurn(string expression, CallResult.Responded response) =>
        response.Body.Length > 0 && Known(expression).Whole is { } whole && (response.Body.Length > MaxBytesInPassing || whole.WorkOn(response.Body.Length) > MaxWorkInPassing);

    /// <returns>From 0 to <see cref="MaxWeight"/>, rounded up; null when the response does not say it. In a stream the last event or line that states it counts.</returns>
    public int? Of(string expression, CallResult.Responded response)
    {
        if (response.Status is < 200 or > 299 || response.ContentType is not { } type)
            return null;
        var stream = StreamedJson.FromLast(type, response.Body);
        if (stream is null && !type.Contains("json", StringComparison.OrdinalIgnoreCase))
            return null;

        var known = Known(expression);
        var (cost, why) = stream is null ? OfDocument(known, WithoutMark(response.Body)) : OfLast(known, stream);
        if (cost is null && known.TellOnce())
            logger.LogInformation("weightFrom {Expression} found no cost in a response; the job's weight is unchanged: {Why}", expression, why);
        return cost;
    }

    /// <summary>From the last document backwards, within the bound on work.</summary>
    private static (int? Cost, string Why) OfLast(CostExpression expression, IEnumerable<ReadOnlyMemory<byte>> fromLast)
    {
        var why = "no event with a number from 0";
        var (work, tried) = (0d, 0);
        foreach (var data in fromLast)
        {
            if (!expression.MayBeNamedIn(data.Span))
                continue;
            work += expression.Whole?.WorkOn(data.Length) ?? 0;
            if (work > BoundedExpression.MaxWork || tried++ == MaxTried)
                return (null, "more work than is allowed");
            (var cost, why) = OfDocument(expression, data);
            if (cost is not null)
                return (cost, why);
        }

        return (null, why);
    }

    private static (int? Cost, string Why) OfDocument(CostExpression expression, ReadOnlyMemory<byte> json)
    {
        try
        {
            var number = expression.Path is { } path ? NumberAt(path, json.Span) : NumberOf(expression.Whole?.Evaluate(json.Span));
            return (Weight(number), "no number from 0");
        }
        catch (Exception error)
        {
            return (null, error.Message);
        }
    }

    /// <summary>With a streaming reader, to the end: objects for a large response would take many times its size.</summary>
    private static double? NumberAt(string[] path, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        var number = NumberAt(ref reader, path);
        reader.Read(); // trailing content makes it invalid
        return number;
    }

    /// <summary>The last of duplicate names counts.</summary>
    private static double? NumberAt(ref Utf8JsonReader reader, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty && reader.TokenType == JsonTokenType.Number)
            return reader.GetDouble();
        if (path.IsEmpty || reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        double? number = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var isOnPath = reader.ValueTextEquals(path[0]);
            reader.Read();
            if (isOnPath)
                number = NumberAt(ref reader, path[1..]);
            else
                reader.Skip();
        }

        return number;
    }

    private static double? NumberOf(JToken? result) => result?.Type is JTokenType.Integer or JTokenType.Float ? (double)result : null;

    private static int? Weight(double? cost) => cost is { } number && double.IsFinite(number) && number >= 0 ? (int)Math.Min(Math.Ceiling(number), MaxWeight) : null;

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) => body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;

    private CostExpression Known(string text)
    {
        if (expressions.TryGetValue(text, out var known))
            return known;
        if (expressions.Count >= MaxExpressions)
            expressions.Clear();
        return expressions.GetOrAdd(text, static text => CostExpression.Of(text));
    }

    /// <param name="Path">The names, if the expression is a plain path of names: that needs no objects, however large the response.</param>
    /// <param name="Whole">Any other expression.</param>
    private sealed record CostExpression(string[]? Path, BoundedExpression? Whole)
    {
        private readonly byte[]? lastName = Path is [.., var last] ? Encoding.UTF8.GetBytes(last) : null;
        private int told;

        /// <summary>False only when scanning the bytes is enough to rule it out.</summary>
        public bool MayBeNamedIn(ReadOnlySpan<byte> json) => lastName is null || json.IndexOf(lastName) >= 0 || json.Contains((byte)'\\');

        public static CostExpression Of(string text)
        {
            var names = text.Split('.');
            if (Array.TrueForAll(names, IsPlainName))
                return new CostExpression(names, null);
            try
            {
                return new CostExpression(null, BoundedExpression.Parse(text));
            }
            catch (FormatException)
            {
                return new CostExpression(null, null); // from a definition older than the bounds: it yields no cost
            }
        }

        public bool TellOnce() => Interlocked.Exchange(ref told, 1) == 0;

        private static bool IsPlainName(string name) =>
            name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
    }
}
