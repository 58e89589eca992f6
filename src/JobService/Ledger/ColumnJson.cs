using System.Text.Json.Serialization;
using System.Text.Json;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>How definitions and requests are stored in the database.</summary>
/// <remarks>By reflection: generated code loses the defaults of <c>init</c> properties, which a row from before a new field needs.</remarks>
internal static class ColumnJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static string Write(QueueDefinition definition) => JsonSerializer.Serialize(definition, Options);

    public static string Write(LimitDefinition definition) => JsonSerializer.Serialize(definition, Options);

    public static string Write(ApiRequest request) => JsonSerializer.Serialize(request, Options);

    public static string Write(IReadOnlyDictionary<string, string> texts) => JsonSerializer.Serialize(texts, Options);

    public static string Write(IReadOnlyDictionary<string, int> weights) => JsonSerializer.Serialize(weights, Options);

    public static string Write(HeaderValue secret) => JsonSerializer.Serialize(secret, Options);

    public static HeaderValue ReadSecret(string json) => JsonSerializer.Deserialize<HeaderValue>(json, Options)!;

    public static string Write(BatchEnding ending) => JsonSerializer.Serialize(ending, Options);

    public static JobEnding ReadJobEnding(string json) => JsonSerializer.Deserialize<JobEnding>(json, Options)!;

    public static BatchEnding ReadBatchEnding(string json) => JsonSerializer.Deserialize<BatchEnding>(json, Options)!;

    public static QueueDefinition ReadQueue(string json) => JsonSerializer.Deserialize<QueueDefinition>(json, Options)!;

    public static LimitDefinition ReadLimit(string json) => JsonSerializer.Deserialize<LimitDefinition>(json, Options)!;

    public static ApiRequest ReadRequest(string json) => JsonSerializer.Deserialize<ApiRequest>(json, Options)!;

    public static Dictionary<string, string> ReadTexts(string json) => JsonSerializer.Deserialize<Dictionary<string, string>>(json, Options)!;

    public static Dictionary<string, int> ReadWeights(string json) => JsonSerializer.Deserialize<Dictionary<string, int>>(json, Options)!;
}
