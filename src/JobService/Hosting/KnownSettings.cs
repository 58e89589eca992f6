using System.Collections;
using System.Reflection;
using JobService.Api;
using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Hosting;

/// <summary>Refuses unknown settings: a misspelt <c>Storage:Path</c> would silently put the data elsewhere.</summary>
/// <remarks>Checked together with <see cref="ApiOptions"/>, so that all errors are reported together. The fields of queues and limits have their own check.</remarks>
internal sealed class KnownSettings(IConfiguration configuration) : IValidateOptions<ApiOptions>
{
    private const string Root = ApiOptions.Section;

    /// <summary>Sections whose entries are named by the operator.</summary>
    private static readonly string[] open = [$"{Root}:Queues", $"{Root}:Limits", $"{Root}:Secrets"];

    /// <summary>Every setting but those of open sections, by its key.</summary>
    internal static IReadOnlyDictionary<string, PropertyInfo> Options => options;

    private static readonly Dictionary<string, PropertyInfo> options = new(
        from type in typeof(KnownSettings).Assembly.GetTypes()
        where type.GetField(nameof(ApiOptions.Section)) is { IsLiteral: true }
        from option in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where option.CanWrite
        select KeyValuePair.Create($"{type.GetField(nameof(ApiOptions.Section))!.GetRawConstantValue()}:{option.Name}", option),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Every setting of the service by its key; for open sections, their names.</summary>
    public static IEnumerable<string> Names => options.Keys.Concat(open);

    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        var faults = configuration.GetSection(Root).AsEnumerable().Where(entry => entry.Value is not null && !IsKnown(entry.Key) && !(entry.Value == "" && IsSection(entry.Key)))
            .Select(entry => $"{entry.Key}: there is no such setting.{Nearest.Hint(entry.Key, Names)}")
            .Concat(configuration.GetChildren().Where(IsMisspeltRoot).Select(section => $"{section.Key}: there is no such section. Did you mean {Root}?"))
            .ToArray();
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool IsKnown(string key)
    {
        if (options.ContainsKey(key) || Array.Exists(open, section => key.Equals(section, StringComparison.OrdinalIgnoreCase) || key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)))
            return true;

        // An element of a list.
        var parent = key.LastIndexOf(':');
        return parent > 0 && options.TryGetValue(key[..parent], out var option) && option.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(option.PropertyType);
    }

    // The test host of ASP.NET passes sections as settings without a value.
    private static bool IsSection(string key) => options.Keys.Any(option => option.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase));

    // Only sections with children: a plain environment variable may have any name.
    private static bool IsMisspeltRoot(IConfigurationSection section) =>
        !section.Key.Equals(Root, StringComparison.OrdinalIgnoreCase) && section.GetChildren().Any() && Nearest.To(section.Key, [Root]) is not null;
}
