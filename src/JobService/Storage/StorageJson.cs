using System.Text.Json;
using System.Text.Json.Serialization;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Storage;

/// <summary>How definitions and requests stand in the database.</summary>
internal static class StorageJson
{
    public static string Write(QueueDefinition definition) => JsonSerializer.Serialize(definition, StorageJsonContext.Default.QueueDefinition);

    public static string Write(LimitDefinition definition) => JsonSerializer.Serialize(definition, StorageJsonContext.Default.LimitDefinition);

    public static string Write(ApiRequest request) => JsonSerializer.Serialize(request, StorageJsonContext.Default.ApiRequest);

    public static string Write(IReadOnlyDictionary<string, string> tags) => JsonSerializer.Serialize(tags, StorageJsonContext.Default.IReadOnlyDictionaryStringString);

    public static QueueDefinition ReadQueue(string json) => JsonSerializer.Deserialize(json, StorageJsonContext.Default.QueueDefinition)!;

    public static LimitDefinition ReadLimit(string json) => JsonSerializer.Deserialize(json, StorageJsonContext.Default.LimitDefinition)!;

    public static ApiRequest ReadRequest(string json) => JsonSerializer.Deserialize(json, StorageJsonContext.Default.ApiRequest)!;

    public static IReadOnlyDictionary<string, string> ReadTags(string json) =>
        JsonSerializer.Deserialize(json, StorageJsonContext.Default.IReadOnlyDictionaryStringString)!;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(QueueDefinition))]
[JsonSerializable(typeof(LimitDefinition))]
[JsonSerializable(typeof(ApiRequest))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class StorageJsonContext : JsonSerializerContext;
