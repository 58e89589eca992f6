using System.Text.Json;

namespace JobService.Tests.Support;

/// <summary>A public rate limiter in a stock configuration of "10 a second", as <c>scripts/limiters/start.sh</c> starts it.</summary>
/// <param name="Name">What <c>start.sh</c> calls it.</param>
/// <param name="Of">The package, its version and what is configured.</param>
/// <param name="Counts">What it does.</param>
/// <param name="Limit">What to PUT for it.</param>
/// <param name="PassesLess">It is known to let through less than it says: what that is has to be measured.</param>
/// <param name="Queue">Fields of the queue besides target and limits; none when undefined.</param>
public sealed record LimiterRig(string Name, string Of, string Counts, JsonElement Limit, bool PassesLess, JsonElement Queue)
{
    /// <summary>What each of them is told to allow.</summary>
    public const int PerSecond = 10;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>All limiters of the table in docs/limiters.md, in its order.</summary>
    public static IReadOnlyList<LimiterRig> All { get; } =
        JsonSerializer.Deserialize<List<LimiterRig>>(File.ReadAllText(Path.Combine(Folder, "catalog.json")), Json)!;

    /// <summary>The folder <c>scripts/limiters</c> of the sources.</summary>
    public static string Folder
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at.FullName, "JobService.sln")))
                at = at.Parent ?? throw new InvalidOperationException("The program does not lie in the folder of its sources.");
            return Path.Combine(at.FullName, "scripts", "limiters");
        }
    }

    /// <summary>The queue that calls it.</summary>
    /// <param name="baseAddress">Where it listens.</param>
    /// <param name="limits">The limits that the queue names.</param>
    public IReadOnlyDictionary<string, object> QueueFor(string baseAddress, params string[] limits)
    {
        var queue = new Dictionary<string, object> { ["target"] = new { kind = "http", baseAddress }, ["limits"] = limits };
        if (Queue.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in Queue.EnumerateObject())
                queue[field.Name] = field.Value;
        }

        return queue;
    }

    /// <summary>A limit and the fields of the queue, as docs/limiters.md has them.</summary>
    public string TextOf(JsonElement limit)
    {
        var ofQueue = Queue.ValueKind == JsonValueKind.Object ? Queue.EnumerateObject().Select(told => $"{told.Name} {told.Value}") : [];
        return string.Join(", ", limit.EnumerateObject().Select(told => told.Name == "kind" ? $"`{told.Value}`" : $"{told.Name} {told.Value}").Concat(ofQueue));
    }

    public override string ToString() => Name;
}
