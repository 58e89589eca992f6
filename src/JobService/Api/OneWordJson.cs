using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobService.Api;

/// <summary>Reads an enumeration from exactly one of its names, case-insensitively. The converter of .NET also accepts several names separated by commas, and surrounding spaces: "shared,perKey" became perKey.</summary>
internal sealed class OneWordJson : JsonConverterFactory
{
    private static readonly JsonStringEnumConverter Words = new(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

    public override bool CanConvert(Type typeToConvert) => Words.CanConvert(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert), Words.CreateConverter(typeToConvert, options))!;

    private sealed class Of<TEnum>(JsonConverter<TEnum> words) : JsonConverter<TEnum>
        where TEnum : struct, Enum
    {
        public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString()!.All(char.IsAsciiLetter) ? words.Read(ref reader, typeToConvert, options) : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) => words.Write(writer, value, options);
    }
}
