using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JobService.Api.Contracts;

namespace JobService.Api;

/// <summary>How the API reads and writes JSON: strict where a mistake would go unnoticed, lenient where serializers differ.</summary>
internal static class ApiJson
{
    public const int MaxDepth = 32;

    /// <summary>Source-generated for the types on the path of every job. Definitions use reflection: generated code loses the defaults of
    /// <c>init</c> properties, and definitions are read rarely.</summary>
    public static JsonSerializerOptions Options { get; } = Lock(Refine(Configure(new JsonSerializerOptions())));

    /// <summary>For configuration, where all values are strings and names are case-insensitive.</summary>
    public static JsonSerializerOptions ConfigurationOptions { get; } = Lock(new JsonSerializerOptions(Options)
    {
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        PropertyNameCaseInsensitive = true,
    });

    public static JsonTypeInfo<T> Of<T>() => Cached<T>.Info;

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolver = JsonTypeInfoResolver.Combine(HotJson.Default, new DefaultJsonTypeInfoResolver());
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        // "kind" may be at any position in a definition.
        options.AllowOutOfOrderMetadataProperties = true;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MaxDepth = MaxDepth;
        // Every response is application/json with nosniff, so non-ASCII characters need no escaping.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new Rfc3339Json());
        return options;
    }

    /// <summary>Accepts what serializers of other languages write for the same value, nulls for unset fields and integers with a fraction of zero, and writes jobs faster.</summary>
    private static JsonSerializerOptions Refine(JsonSerializerOptions options)
    {
        options.TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(NullFields.LeaveOut);
        options.Converters.Add(new WholeNumberJson());
        options.Converters.Insert(0, new OneWordJson());
        options.Converters.Add(new JobViewJson());
        return options;
    }

    private static JsonSerializerOptions Lock(JsonSerializerOptions options)
    {
        options.MakeReadOnly();
        return options;
    }

    private static class Cached<T>
    {
        public static readonly JsonTypeInfo<T> Info = (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
    }
}

[JsonSerializable(typeof(SubmitJob))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(BatchView))]
[JsonSerializable(typeof(ResultPage))]
[JsonSerializable(typeof(ResultSummary))]
[JsonSerializable(typeof(ProblemView))]
internal sealed partial class HotJson : JsonSerializerContext;
