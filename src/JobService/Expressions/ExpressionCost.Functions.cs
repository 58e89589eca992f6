namespace JobService.Expressions;

/// <summary>The cost of functions.</summary>
internal sealed partial class ExpressionCost
{
    /// <summary>The logarithm of the number of sortable items, times the cost of a comparison.</summary>
    private const double SortingWork = 20;

    // The recursive part stays small: expressions nest a hundred functions deep, on stacks that are already partly used.
    private static Cost Function(string name, List<Part> arguments, Scope scope)
    {
        var values = new List<Cost>();
        foreach (var argument in arguments)
        {
            if (!argument.IsExpressionType)
                values.Add(Made(argument.Bound(scope)));
        }

        var (work, size) = Sum(values);
        foreach (var argument in arguments)
        {
            if (argument.IsExpressionType)
                (work, size) = WithEach(work, size, Made(argument.Bound(scope with { Given = size.At(scope.Given) })));
        }

        return Function(name, values, work, size);
    }

    private static (Growth Work, Growth Size) Sum(List<Cost> values) =>
        values.Aggregate((Step, Step), (sum, value) => (sum.Item1 + value.Work, sum.Item2 + value.Size));

    private static (Growth Work, Growth Size) WithEach(Growth work, Growth size, Cost each) =>
        (work + size.Then(each.Work.OverParts), size + size.Then(each.Size.OverParts));

    private static Cost Function(string name, List<Cost> values, Growth work, Growth size)
    {
        var made = name switch
        {
            "join" or "replace" => size + Product(values),
            "to_string" => 6 * size, // each character escaped
            "split" or "items" or "from_items" or "zip" or "group_by" => 4 * size,
            _ => size + Scalar,
        };
        var own = name switch
        {
            "sort" or "sort_by" or "group_by" => SortingWork * size,
            "contains" or "find_first" or "find_last" or "replace" or "split" or "trim" or "trim_left" or "trim_right" => size + Product(values),
            _ => size,
        };
        return new Cost(work + own + (IsNumber(name) ? Step : MakingWork * made), IsNumber(name) ? Scalar : made);
    }

    private static bool IsNumber(string function) => function is
        "abs" or "avg" or "ceil" or "contains" or "ends_with" or "find_first" or "find_last" or "floor" or "length" or "starts_with" or "sum" or "to_number" or "type";

    /// <summary>The first argument combined with each of the others: a text is searched for another, or a separator is put between all.</summary>
    private static Growth Product(List<Cost> values) =>
        values.Count < 2 ? Step : values.Skip(1).Aggregate(Step, (sum, value) => sum + (values[0].Size * value.Size));
}
