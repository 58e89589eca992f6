using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Api;

/// <summary>Times as RFC 3339: read with an offset, because a time without one is another moment in each place; written in UTC.</summary>
internal sealed class Rfc3339Json : JsonConverter<DateTimeOffset>
{
    private const string Wanted = "A time with its offset, as 2026-12-01T08:00:00Z (RFC 3339).";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.TryGetDateTimeOffset(out var moment))
            throw new JsonException(Wanted);

        var text = reader.GetString()!;
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return hasOffset && text.Contains('T', StringComparison.Ordinal) ? moment : throw new JsonException(Wanted);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}
