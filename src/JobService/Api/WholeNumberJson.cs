using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Api;

/// <summary>Integers as JSON writes them: <c>2</c>, <c>2.0</c> and <c>2e0</c> are one value (RFC 8259, section 6). Written without a fraction.</summary>
internal sealed class WholeNumberJson : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && (reader.TryGetInt32(out var number) || (reader.TryGetDouble(out var value) && IsWhole(value, out number))))
            return number;
        // In the configuration all values are strings.
        if (reader.TokenType == JsonTokenType.String && options.NumberHandling.HasFlag(JsonNumberHandling.AllowReadingFromString) && TryParse(reader.GetString()!, out number))
            return number;
        throw new JsonException("A whole number.");
    }

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    /// <summary>The same from a string, as in a query.</summary>
    public static bool TryParse(string text, out int number)
    {
        number = 0;
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            && IsWhole(value, out number);
    }

    // A double holds every int exactly.
    private static bool IsWhole(double value, out int number)
    {
        var isWhole = double.IsInteger(value) && value is >= int.MinValue and <= int.MaxValue;
        number = isWhole ? (int)value : 0;
        return isWhole;
    }
}
