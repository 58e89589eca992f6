using System.Text;
using DevLab.JmesPath;

namespace JobService.Expressions;

/// <summary>The maximum work of an expression on a document of a given size: computed before it is evaluated, since an evaluation cannot be stopped.</summary>
/// <remarks>
/// The parser reports the expression in postfix order; each part becomes a function of its input. Sizes are bytes of JSON, work is a step or the reading of a byte, and newly created values count
/// <see cref="MakingWork"/> for each of its bytes: small values take many times the memory of their text.
/// </remarks>
internal sealed partial class ExpressionCost : IJmesPathGenerator
{
    private const double MakingWork = 8;

    /// <summary>A number or a boolean as text.</summary>
    private static readonly Growth Scalar = Growth.Of(24);

    private static readonly Growth Step = Growth.Of(1);
    private static readonly Part Given = new(_ => new Cost(Step, Growth.Same));
    private static readonly Part Items = new(_ => new Cost(Growth.Same, Growth.Same, IsProjection: true)) { IsProjection = true };

    private readonly Stack<Part> parts = new();
    private readonly Stack<List<Part>> lists = new();
    private readonly Stack<List<(string Name, Part Value)>> bindings = new();
    private readonly List<(string Name, Part Value)> openBindings = [];

    private ExpressionCost()
    {
    }

    /// <summary>The bound for a document of this many bytes.</summary>
    /// <exception cref="FormatException">The expression uses a feature without a bound.</exception>
    public static Func<double, double> Of(string expression)
    {
        var reader = new ExpressionCost();
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(expression));
        Parser.Parse(text, Encoding.UTF8, reader);
        var whole = reader.parts.Pop();
        return size => Made(whole.Bound(new Scope(size, size, []))).Work.At(size);
    }

    public bool IsProjection() => parts.TryPeek(out var top) && top.IsProjection;

    public void OnExpression()
    {
        // The finished part is on the stack.
    }

    public void OnIdentifier(string name) => parts.Push(Given with { Text = name });

    public void OnIndex(int index) => parts.Push(Given);

    public void OnCurrentNode() => parts.Push(Given);

    public void OnRootNode() => parts.Push(new Part(scope => new Cost(Step, Growth.Of(scope.Document))));

    public void OnLiteralString(string literal) => PushText(literal);

    public void OnRawString(string value) => PushText(value);

    public void OnVariableReference(string name) =>
        parts.Push(new Part(scope => new Cost(Step, Growth.Of(scope.Variables.GetValueOrDefault(name, scope.Document)))));

    public void OnListWildcardProjection() => parts.Push(Items);

    public void OnHashWildcardProjection() => parts.Push(Items);

    public void OnFlattenProjection() => parts.Push(Items);

    public void OnSliceExpression(int? start, int? stop, int? step) => parts.Push(Items);

    public void OnFilterProjection()
    {
        var condition = parts.Pop();
        parts.Push(new Part(scope => new Cost(Growth.Same + Made(condition.Bound(scope)).Work.OverParts, Growth.Same, IsProjection: true)) { IsProjection = true });
    }

    public void OnSubExpression() => Chain();

    public void OnIndexExpression() => Chain();

    public void OnPipeExpression() => Push((left, right, scope) => Then(Made(left.Bound(scope)), right, scope));

    public void OnAndExpression() => Either();

    public void OnOrExpression() => Either();

    public void OnNotExpression() => Scalars(1);

    public void OnComparisonEqual() => Scalars(2);

    public void OnComparisonNotEqual() => Scalars(2);

    public void OnComparisonGreater() => Scalars(2);

    public void OnComparisonGreaterOrEqual() => Scalars(2);

    public void OnComparisonLesser() => Scalars(2);

    public void OnComparisonLesserOrEqual() => Scalars(2);

    public void OnArithmeticUnaryPlus() => Scalars(1);

    public void OnArithmeticUnaryMinus() => Scalars(1);

    public void OnArithmeticAddition() => Scalars(2);

    public void OnArithmeticSubtraction() => Scalars(2);

    public void OnArithmeticMultiplication() => Scalars(2);

    public void OnArithmeticDivision() => Scalars(2);

    public void OnArithmeticModulo() => Scalars(2);

    public void OnArithmeticIntegerDivision() => Scalars(2);

    public void PushMultiSelectHash() => lists.Push([]);

    public void AddMultiSelectHashExpression()
    {
        var value = parts.Pop();
        lists.Peek().Add(value with { Text = parts.Pop().Text });
    }

    public void PopMultiSelectHash() => PopMultiSelect();

    public void PushMultiSelectList() => lists.Push([]);

    public void AddMultiSelectListExpression() => lists.Peek().Add(parts.Pop());

    public void PopMultiSelectList() => PopMultiSelect();

    public void PushFunction() => lists.Push([]);

    public void AddFunctionArg() => lists.Peek().Add(parts.Pop());

    public void OnExpressionType() => parts.Push(parts.Pop() with { IsExpressionType = true });

    public void PopFunction(string name)
    {
        if (name.StartsWith("pad_", StringComparison.Ordinal))
            throw new FormatException($"{name} makes texts of any length and is not allowed.");
        var arguments = lists.Pop();
        parts.Push(new Part(scope => Function(name, arguments, scope)));
    }

    public void OnLetBinding(string name) => openBindings.Add((name, parts.Pop()));

    public void OnLetBindings()
    {
        bindings.Push([.. openBindings]);
        openBindings.Clear();
    }

    public void OnLetExpression()
    {
        var (bound, body) = (bindings.Pop(), parts.Pop());
        parts.Push(new Part(scope =>
        {
            var variables = new Dictionary<string, double>(scope.Variables);
            var work = Step;
            foreach (var (name, value) in bound)
            {
                var cost = Made(value.Bound(scope));
                work += cost.Work;
                variables[name] = Math.Max(cost.Size.At(scope.Given), variables.GetValueOrDefault(name));
            }

            var inner = body.Bound(scope with { Variables = variables });
            return inner with { Work = inner.Work + work };
        }));
    }

    /// <summary>A projection becomes a new array when it is used as a value.</summary>
    private static Cost Made(Cost cost) => cost.IsProjection ? new Cost(cost.Work + (MakingWork * cost.Size), cost.Size + Step) : cost;

    private static Cost Then(Cost left, Part next, Scope scope)
    {
        var right = next.Bound(scope with { Given = left.Size.At(scope.Given) });
        return left.IsProjection
            ? new Cost(left.Work + left.Size.Then(right.Work.OverParts), left.Size.Then(right.Size.OverParts), IsProjection: true)
            : new Cost(left.Work + left.Size.Then(right.Work), left.Size.Then(right.Size), right.IsProjection);
    }

    private void PushText(string text) => parts.Push(new Part(_ => new Cost(Step, Growth.Of(text.Length))));

    private void Chain() => Push((left, right, scope) => Then(left.Bound(scope), right, scope));

    private void Push(Func<Part, Part, Scope, Cost> bound)
    {
        var (right, left) = (parts.Pop(), parts.Pop());
        parts.Push(new Part(scope => bound(left, right, scope)));
    }

    private void Either() => Push((left, right, scope) =>
    {
        var (one, other) = (Made(left.Bound(scope)), Made(right.Bound(scope)));
        return new Cost(one.Work + other.Work + Step, one.Size + other.Size);
    });

    /// <summary>A number or a boolean computed from this many operands, each of which is read completely at most.</summary>
    private void Scalars(int count)
    {
        var operands = Enumerable.Range(0, count).Select(_ => parts.Pop()).ToArray();
        parts.Push(new Part(scope =>
        {
            var work = Step;
            foreach (var operand in operands)
            {
                var cost = Made(operand.Bound(scope));
                work += cost.Work + cost.Size;
            }

            return new Cost(work, Scalar);
        }));
    }

    private void PopMultiSelect()
    {
        var members = lists.Pop();
        parts.Push(new Part(scope =>
        {
            var (work, size) = (Step, Step);
            foreach (var member in members)
            {
                var cost = Made(member.Bound(scope));
                (work, size) = (work + cost.Work, size + cost.Size + Growth.Of(member.Text.Length + 4));
            }

            return new Cost(work + (MakingWork * size), size);
        }));
    }

    /// <param name="Document">Bytes of the whole document.</param>
    /// <param name="Given">Bytes of the value that the part is evaluated on, at most.</param>
    /// <param name="Variables">Bytes of their values, at most.</param>
    private sealed record Scope(double Document, double Given, Dictionary<string, double> Variables);

    /// <summary>Bounds as functions of the size of the input.</summary>
    private sealed record Cost(Growth Work, Growth Size, bool IsProjection = false);

    private sealed record Part(Func<Scope, Cost> Bound)
    {
        /// <summary>Of an identifier, as the name of a member.</summary>
        public string Text { get; init; } = "";

        /// <summary>A projection itself, not a value made of one, as the parser requires.</summary>
        public bool IsProjection { get; init; }

        public bool IsExpressionType { get; init; }
    }
}
