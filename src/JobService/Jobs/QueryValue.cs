using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>The value of one query parameter: a single value, or several, each sent as its own <c>name=value</c>, in order.</summary>
[JsonConverter(typeof(QueryValueJson))]
public sealed record QueryValue(IReadOnlyList<string> Values)
{
    public static implicit operator QueryValue(string value) => FromString(value);

    public static QueryValue FromString(string value) => new([value]);
}

/// <summary>A string, or an array of strings.</summary>
internal sealed class QueryValueJson : JsonConverter<QueryValue>
{
    private const string Wanted = "A string, or an array of strings.";

    public override QueryValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return TextOf(ref reader);

        var values = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(TextOf(ref reader));
        return new QueryValue(values);
    }

    public override void Write(Utf8JsonWriter writer, QueryValue value, JsonSerializerOptions options)
    {
        if (value.Values is [var only])
        {
            writer.WriteStringValue(only);
            return;
        }

        writer.WriteStartArray();
        foreach (var text in value.Values)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static string TextOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException(Wanted);
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException half)
        {
            throw new JsonException("A string without lone surrogates.", half);
        }
    }
}
