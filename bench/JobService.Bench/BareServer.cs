using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Bench;

/// <summary>The yardstick: Kestrel and a minimal API that parse the same body and answer 202, and do nothing else.</summary>
internal static class BareServer
{
    public static async Task RunAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, BareJson.Default));
        await using var app = builder.Build();
        app.MapGet("/readyz", () => TypedResults.Ok());
        app.MapPost("/v1/jobs", (BareJob job) => TypedResults.Accepted((string?)null, new BareAnswer(job.Queue, "queued")));
        await app.RunAsync(url);
    }
}

internal sealed record BareJob(string Queue, JsonElement Payload);

internal sealed record BareAnswer(string Queue, string State);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BareJob))]
[JsonSerializable(typeof(BareAnswer))]
internal sealed partial class BareJson : JsonSerializerContext;
