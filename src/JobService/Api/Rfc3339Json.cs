using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Api;

/// <summary>Times as RFC 3339: read with an offset, because a time without one is ambiguous; written in UTC.</summary>
internal sealed class Rfc3339Json : JsonConverter<DateTimeOffset>
{
    public const string Wanted = "A time with its offset, such as 2026-12-01T08:00:00Z (RFC 3339).";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException(Wanted);

        var text = reader.GetString()!.ToUpperInvariant();
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return hasOffset && text.Contains('T', StringComparison.Ordinal) && (reader.TryGetDateTimeOffset(out var moment) || TryReadUpper(text, out moment))
            ? moment
            : throw new JsonException(Wanted);
    }

    /// <summary>"t" and "z" may be lower case (RFC 3339, section 5.6), which the reader of .NET does not accept.</summary>
    private static bool TryReadUpper(string text, out DateTimeOffset moment)
    {
        var reader = new Utf8JsonReader(JsonSerializer.SerializeToUtf8Bytes(text));
        return reader.Read() & reader.TryGetDateTimeOffset(out moment);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}
