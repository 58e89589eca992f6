using System.Collections;
using System.Globalization;
using System.Reflection;

namespace JobService.Tests.Simulation;

/// <summary>A value with all that hangs on it as a text: what two stores have answered is compared by it.</summary>
internal static class DeepText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => text,
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        _ when value.GetType() is { IsEnum: false, Namespace: { } space } type && space.StartsWith("JobService", StringComparison.Ordinal) => $"{type.Name} {{ {string.Join(", ", Members(value, type))} }}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static IEnumerable<string> Members(object value, Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetIndexParameters().Length == 0)
        .Select(property => $"{property.Name} = {Of(property.GetValue(value))}");
}
