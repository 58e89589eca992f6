using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>A header's value: a text, or the name of a secret in the configuration.</summary>
/// <remarks>A secret is stored by name, sent resolved, and never shown.</remarks>
[JsonConverter(typeof(HeaderValueJson))]
public abstract record HeaderValue
{
    private HeaderValue()
    {
    }

    /// <summary>A new form is a new parameter here: a reader that does not handle it does not compile.</summary>
    /// <param name="text">Given the text.</param>
    /// <param name="fromConfiguration">Given the name of the secret.</param>
    public abstract T Match<T>(Func<string, T> text, Func<string, T> fromConfiguration);

    public sealed record Text(string Value) : HeaderValue
    {
        public override T Match<T>(Func<string, T> text, Func<string, T> fromConfiguration) => text(Value);
    }

    /// <param name="Name">The part behind <c>JobService:Secrets:</c>.</param>
    public sealed record FromConfiguration(string Name) : HeaderValue
    {
        public override T Match<T>(Func<string, T> text, Func<string, T> fromConfiguration) => fromConfiguration(Name);
    }
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
        var (text, secret) = value.Match(static text => (text, default(string)), static name => (default(string), name));
        if (secret is null)
        {
            writer.WriteStringValue(text);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString(Secret, secret);
        writer.WriteEndObject();
    }
}
