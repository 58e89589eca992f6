using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>What the command line of <c>scripts/limiters.sh</c> asks for.</summary>
/// <param name="Rigs">The limiters named, all when none was.</param>
/// <param name="Limit">Measure them with this limit instead of the catalog's: <c>--limit JSON</c>.</param>
/// <param name="IsOnlyLimited">Leave out the runs without a limit: <c>--only-limited</c>.</param>
/// <param name="Writes">Replace the rows in docs/limiters.md: <c>--write</c>.</param>
internal sealed record LimiterChoice(IReadOnlyList<LimiterRig> Rigs, JsonElement? Limit, bool IsOnlyLimited, bool Writes)
{
    /// <returns>Null when the words mean nothing; what is wrong with them is said on stderr.</returns>
    public static LimiterChoice? Of(IEnumerable<string> arguments)
    {
        var words = new Queue<string>(arguments);
        var names = new List<string>();
        JsonElement? limit = null;
        var (isOnlyLimited, writes) = (false, false);
        while (words.TryDequeue(out var word))
        {
            switch (word)
            {
                case "--limit" when words.TryDequeue(out var json) && Read(json) is { } read:
                    limit = read;
                    break;
                case "--only-limited":
                    isOnlyLimited = true;
                    break;
                case "--write":
                    writes = true;
                    break;
                case var name when LimiterRig.All.Any(rig => rig.Name == name):
                    names.Add(name);
                    break;
                default:
                    Console.Error.WriteLine($"'{word}' is neither an option (--limit JSON, --only-limited, --write) nor a limiter: {string.Join(' ', LimiterRig.All)}");
                    return null;
            }
        }

        return new LimiterChoice([.. LimiterRig.All.Where(rig => names.Count == 0 || names.Contains(rig.Name))], limit, isOnlyLimited, writes);
    }

    private static JsonElement? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(json) is { ValueKind: JsonValueKind.Object } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
