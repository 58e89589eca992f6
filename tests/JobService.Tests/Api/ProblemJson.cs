using System.Text.Json;

namespace JobService.Tests.Api;

/// <summary>Reads problem documents as a client would.</summary>
internal static class ProblemJson
{
    /// <summary>Checks what every problem has, and gives its type and its pointers.</summary>
    public static async Task<(string Type, string Pointers)> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var root = problem.RootElement;
        Assert.Equal((int)response.StatusCode, root.GetProperty("status").GetInt32());
        Assert.NotEmpty(root.GetProperty("title").GetString()!);
        var detail = root.GetProperty("detail").GetString()!;
        Assert.NotEmpty(detail);
        Assert.DoesNotContain("JobService.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
        var pointers = root.TryGetProperty("errors", out var errors)
            ? errors.EnumerateArray().Where(error => error.TryGetProperty("pointer", out _)).Select(error => error.GetProperty("pointer").GetString())
            : [];
        return (root.GetProperty("type").GetString()!, string.Join(' ', pointers));
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }
}
