using System.Text;
using CsCheck;
using JobService.Expressions;
using Newtonsoft.Json;

namespace JobService.Tests.Expressions;

public sealed class BoundedExpressionTests
{
    [Theory]
    [InlineData("[]", BoundedExpression.MaxValues - 1, true)]
    [InlineData("[]", BoundedExpression.MaxValues, false)]
    [InlineData("{\"a\":1}", (BoundedExpression.MaxValues / 3) + 1, false)]
    public void So_many_values_are_looked_through(string value, int times, bool isTaken)
    {
        var expression = BoundedExpression.Parse("type(@)");
        var json = System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(value, times))}]");

        if (isTaken)
            Assert.Equal("array", expression.Evaluate(json)?.ToString());
        else
            Assert.Contains("100000 names and values", Assert.Throws<FormatException>(() => expression.Evaluate(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usage.total_tokens", 100)]
    [InlineData("usage.input_tokens + usage.output_tokens * `5`", 100)]
    [InlineData("sum([usage.input, usage.output])", 100)]
    [InlineData("sum(items[*].cost)", 100)]
    [InlineData("items[?kind == 'billed' && cost > `0`].cost | max(@)", 100)]
    [InlineData("sum(values(usage)[?@ > `0`])", 100)]
    [InlineData("let $x = a in $x", 100)]
    [InlineData("let $k = k in sum(a[*].[n, $k][])", 1)]
    [InlineData("{id: id, names: items[].name, total: length(items)}", 100)]
    [InlineData("map(&{x: a, y: @}, b[1:3])", 100)]
    [InlineData("sort_by(items, &at)[-1].cost || `1`", 100)]
    [InlineData("join(', ', sort(keys(@)))", 100)]
    [InlineData("-$.a", 100)]
    public void What_people_write_is_allowed_on_documents_of_a_usual_size(string expression, int kibibytes)
    {
        Assert.Null(BoundedExpression.Fault(expression));

        Assert.InRange(BoundedExpression.Parse(expression).WorkOn(kibibytes * 1024), 1, BoundedExpression.MaxWork);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("usage.")]
    [InlineData("sum(")]
    [InlineData("nosuch(a)")]
    [InlineData("length()")]
    [InlineData("a[::0]")]
    [InlineData("\0")]
    [InlineData("\ud800")]
    public void What_is_none_has_a_fault(string expression) => Assert.NotNull(BoundedExpression.Fault(expression));

    [Theory]
    [InlineData("[@,@]", "|", 16)]
    [InlineData("{a:@,b:@}", "|", 16)]
    [InlineData("[@,@][*]", ".", 16)]
    [InlineData("let $a = @ in [$a,$a]", "|", 16)]
    [InlineData("map(&map(&map(&$,$),$),$)", "|", 1)]
    [InlineData("[*].[$,$]", ".", 4)]
    [InlineData("replace(@, 'a', @)", "|", 3)]
    [InlineData("join(@, [@,@])", "|", 6)]
    [InlineData("to_string(@)", "|", 12)]
    public void What_grows_without_bounds_is_refused_before_it_is_evaluated(string part, string link, int times) =>
        Assert.Contains("more work than is allowed", BoundedExpression.Fault(string.Join(link, Enumerable.Repeat(part, times))), StringComparison.Ordinal);

    [Theory]
    [InlineData("pad_left(a, `1000000000`)")]
    [InlineData("pad_right(a, b)")]
    public void Texts_of_any_length_are_not_made(string expression) => Assert.Contains("is not allowed", BoundedExpression.Fault(expression), StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("!", "")]
    [InlineData("abs(", ")")]
    [InlineData("-", "")]
    public void Nesting_is_bounded_before_it_costs_the_stack(string open, string close)
    {
        var levels = (BoundedExpression.MaxLength - 1) / (open.Length + close.Length);
        var allowed = Nested(levels);
        var small = new Thread(
            () =>
            {
                Assert.Null(BoundedExpression.Fault(allowed));
                try
                {
                    BoundedExpression.Parse(allowed).Evaluate("""{"a": 1}"""u8);
                }
                catch (Exception error) when (error is not Xunit.Sdk.XunitException)
                {
                    // The library's own: what the functions think of each other's results.
                }
            },
            maxStackSize: 256 * 1024);
        small.Start();
        small.Join();

        Assert.Equal("At most 500 characters.", BoundedExpression.Fault(Nested(100_000)));

        string Nested(int depth) => string.Concat(Enumerable.Repeat(open, depth)) + "a" + string.Concat(Enumerable.Repeat(close, depth));
    }

    [Fact]
    public void No_result_is_larger_and_no_evaluation_allocates_more_than_the_bound_says()
    {
        var path = Gen.OneOf("@", "a", "b", "$", "[0]", "[*]", "[]", "*", "[1:]", "[?a]", "`[1,2]`", "'text'");
        var expression = Gen.Recursive<string>((depth, inner) => depth > 4
            ? path
            : Gen.OneOf(
                path,
                Gen.Select(inner, inner).Select(pair => $"({pair.Item1}) | ({pair.Item2})"),
                Gen.Select(path, path).Select(pair => $"{pair.Item1}.{pair.Item2}"),
                Gen.Select(inner, inner).Select(pair => $"[{pair.Item1}, {pair.Item2}]"),
                Gen.Select(inner, inner).Select(pair => $"{{a: {pair.Item1}, b: {pair.Item2}}}"),
                Gen.Select(inner, inner).Select(pair => $"map(&({pair.Item1}), to_array({pair.Item2}))"),
                Gen.Select(inner, inner).Select(pair => $"let $x = {pair.Item1} in map(&[$x, @], to_array({pair.Item2}))"),
                Gen.Select(inner, inner).Select(pair => $"join(to_string({pair.Item1}), map(&to_string(@), to_array({pair.Item2})))"),
                Gen.Select(inner, inner).Select(pair => $"replace(to_string({pair.Item1}), '1', to_string({pair.Item2}))"),
                inner.Select(part => $"zip(to_array({part}), to_array({part}))"),
                inner.Select(part => $"({part}) || ({part})")));
        var leaf = Gen.OneOf("1", "\"text\"", "[1,1,1]", "null", "{\"a\":1}");
        var document = Gen.Recursive<string>((depth, inner) => depth > 3
            ? leaf
            : Gen.OneOf(leaf, inner.Array[0, 4].Select(items => $"[{string.Join(',', items)}]"), Gen.Select(inner, inner).Select(pair => $"{{\"a\":{pair.Item1},\"b\":{pair.Item2}}}")));

        var evaluated = 0;
        Gen.Select(expression, document).Sample(
            (text, json) =>
            {
                if (text.Length > BoundedExpression.MaxLength || BoundedExpression.Fault(text) is not null)
                    return;
                var bytes = Encoding.UTF8.GetBytes(json);
                var parsed = BoundedExpression.Parse(text);
                try
                {
                    parsed.Evaluate(bytes); // compiled and warm
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    var result = parsed.Evaluate(bytes);
                    var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                    Interlocked.Increment(ref evaluated);

                    const int NullForADigit = 5;
                    Assert.InRange(result?.ToString(Formatting.None).Length ?? 0, 0, NullForADigit * (bytes.Length + parsed.WorkOn(bytes.Length)));
                    Assert.InRange(allocated, 0, (100 * (bytes.Length + parsed.WorkOn(bytes.Length))) + 20_000);
                }
                catch (Exception error) when (error is not Xunit.Sdk.XunitException)
                {
                    // The expression does not fit the document.
                }
            },
            iter: 40_000);
        Assert.InRange(evaluated, 3_000, int.MaxValue);
    }
}
