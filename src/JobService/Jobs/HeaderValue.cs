using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>A header's value: a text, or the name of a secret that only the configuration knows.</summary>
/// <remarks>A secret is stored by name, sent resolved, and never shown.</remarks>
[JsonConverter(typeof(HeaderValueJson))]
public abstract record HeaderValue
{
    public sealed record Text(string Value) : HeaderValue;

    /// <param name="Name">The part behind <c>JobService:Secrets:</c>.</param>
    public sealed record FromConfiguration(string Name) : HeaderValue;
}

internal sealed class HeaderValueJson : JsonConverter<HeaderValue>
{
    private const string Secret = "fromConfiguration";
    private const string Wanted = $"A string or {{\"{Secret}\": \"Name\"}}.";

    public override HeaderValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new HeaderValue.Text(reader.GetString()!);

        if (reader.TokenType != JsonTokenType.StartObject
            || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(Secret)
            || !reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException(Wanted);
        }

        var name = reader.GetString()!;
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject
            ? new HeaderValue.FromConfiguration(name)
            : throw new JsonException(Wanted);
    }

    public override void Write(Utf8JsonWriter writer, HeaderValue value, JsonSerializerOptions options)
    {
        if (value is HeaderValue.FromConfiguration(var name))
        {
            writer.WriteStartObject();
            writer.WriteString(Secret, name);
            writer.WriteEndObject();
            return;
        }

        writer.WriteStringValue(((HeaderValue.Text)value).Value);
    }
}
