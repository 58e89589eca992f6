using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>JSON in UTF-8 that is passed on unchanged.</summary>
[JsonConverter(typeof(RawJsonWriter))]
public readonly record struct RawJson(ReadOnlyMemory<byte> Utf8);

internal sealed class RawJsonWriter : JsonConverter<RawJson>
{
    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    // It was validated where it came from; validating it again would also apply our own depth limit to responses of APIs.
    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}
