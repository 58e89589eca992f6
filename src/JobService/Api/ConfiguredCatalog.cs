using System.Text.Json.Nodes;
using System.Text.Json;
using JobService.Api.Http;
using JobService.Jobs;
using JobService.Limits;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>Queues and limits defined in the configuration: <c>JobService:Queues:&lt;name&gt;</c> and <c>JobService:Limits:&lt;name&gt;</c>, with the same fields as in the API.</summary>
public sealed class ConfiguredCatalog
{
    public IDictionary<string, QueueDefinition> Queues { get; } = new Dictionary<string, QueueDefinition>();

    public IDictionary<string, LimitDefinition> Limits { get; } = new Dictionary<string, LimitDefinition>();

    /// <summary>The errors, each with its configuration key.</summary>
    internal List<string> Faults { get; } = [];

    internal void Read(IConfiguration configuration)
    {
        foreach (var section in configuration.GetSection("JobService:Limits").GetChildren())
            Enter(section, Limits, DefinitionRules.Check);
        foreach (var section in configuration.GetSection("JobService:Queues").GetChildren())
            Enter(section, Queues, DefinitionRules.Check);

        foreach (var (name, queue) in Queues)
        {
            foreach (var unknown in queue.Limits.Where(limit => !Limits.ContainsKey(limit)))
                Faults.Add($"JobService:Queues:{name}:limits: there is no JobService:Limits:{unknown}.");
        }
    }

    private void Enter<T>(IConfigurationSection section, IDictionary<string, T> into, Func<T, IEnumerable<Violation>> check)
        where T : class
    {
        if (!Names.IsName(section.Key))
        {
            Faults.Add($"{section.Path}: a name is {Names.Wanted}.");
            return;
        }

        var type = ApiJson.ConfigurationOptions.GetTypeInfo(typeof(T));
        var written = JsonSerializer.SerializeToUtf8Bytes(Json(section) ?? new JsonObject());
        var json = Kinds.AsWritten(written, type) ?? written;
        try
        {
            var definition = (T)JsonSerializer.Deserialize(json, type)!;
            into[section.Key] = definition;
            Report(section, check(definition));
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            Report(section, JsonFaults.Of(json, type, fault));
        }
    }

    private void Report(IConfigurationSection section, IEnumerable<Violation> violations) =>
        Faults.AddRange(violations.Select(v => $"{section.Path}{v.Pointer.Replace('/', ':')}: {v.Detail}"));

    /// <summary>The section as JSON with strings as leaves; children numbered from 0 are an array, except where the names are job keys.</summary>
    private static JsonNode? Json(IConfigurationSection section)
    {
        var children = section.GetChildren().ToArray();
        if (children.Length == 0)
            return section.Value is { } text ? JsonValue.Create(text) : null;
        if (!section.Key.Equals(nameof(QueueDefinition.KeyShares), StringComparison.OrdinalIgnoreCase)
            && children.Select((child, i) => child.Key == i.ToString()).All(counts => counts))
            return new JsonArray([.. children.Select(Json)]);

        // A null in the configuration means the same as leaving the field out.
        return new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, Json(child))).Where(field => field.Value is not null));
    }
}

/// <summary>Fails the start when configured queues or limits are invalid, and reports every error.</summary>
internal sealed class ConfiguredCatalogCheck : IValidateOptions<ConfiguredCatalog>
{
    public ValidateOptionsResult Validate(string? name, ConfiguredCatalog options) =>
        options.Faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Faults);
}

/// <summary>Writes the configured queues and limits to the store before anything reads them.</summary>
internal sealed class CatalogDeclaration(IJobStore store, IOptions<ConfiguredCatalog> catalog) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => store.DeclareAsync(catalog.Value.Queues.AsReadOnly(), catalog.Value.Limits.AsReadOnly());

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
