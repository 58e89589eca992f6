using System.Reflection;
using System.Text.Json;
using JobService.Api;

namespace JobService.Tests.Api;

/// <summary>Every option stands in appsettings.json with its default, and nothing else does.</summary>
public sealed class SettingsTests
{
    private static readonly string[] notOptions = ["Limits", "Queues", "Secrets"];

    [Fact]
    public void Every_option_stands_in_the_file_with_its_default()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "appsettings.json")));
        var classes = typeof(ApiOptions).Assembly.GetTypes().Where(type => type.GetField("Section") is { IsLiteral: true }).ToArray();
        Assert.True(classes.Length >= 5, $"{classes.Length} options.");

        var known = new HashSet<string>();
        foreach (var type in classes)
        {
            var path = (string)type.GetField("Section")!.GetRawConstantValue()!;
            var section = path.Split(':').Aggregate(file.RootElement, (json, name) => json.GetProperty(name));
            known.Add(path);
            foreach (var option in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(option => option.CanWrite))
            {
                var standard = JsonSerializer.SerializeToElement(option.GetValue(Activator.CreateInstance(type)));
                Assert.True(JsonElement.DeepEquals(standard, section.GetProperty(option.Name)), $"{path}:{option.Name} is {standard} by default.");
                known.Add($"{path}:{option.Name}");
            }
        }

        var service = file.RootElement.GetProperty("JobService");
        var written = service.EnumerateObject().Where(entry => !notOptions.Contains(entry.Name)).SelectMany(entry => entry.Value.ValueKind == JsonValueKind.Object
            ? entry.Value.EnumerateObject().Select(option => $"JobService:{entry.Name}:{option.Name}")
            : [$"JobService:{entry.Name}"]);
        Assert.All(written, key => Assert.Contains(key, known));
    }
}
