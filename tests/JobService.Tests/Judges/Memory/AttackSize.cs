using JobService.Upstream;

namespace JobService.Tests.Judges.Memory;

/// <summary>How large an attack is, and how much memory the service may take under it with which settings.</summary>
internal sealed record AttackSize
{
    /// <summary>What is promised: the whole process stays below 1 GB with the settings as shipped.</summary>
    public static AttackSize Full { get; } = new()
    {
        Most = 1_000_000_000,
        Many = 200,
        Running = 600,
        // As many connections as the service accepts and this process may open.
        Crowd = Math.Min(Descriptors.Inbound, 9_800) - 100,
        Http2Connections = 1_000,
    };

    /// <summary>Budgets and mark at their least: what does not ask them, or is not seen by the guard, takes several times as much as it may.</summary>
    public static AttackSize Small { get; } = new()
    {
        Most = 700_000_000,
        Many = 100,
        Running = 200,
        Crowd = 3_500,
        Http2Connections = 200,
        Settings = new Dictionary<string, string>
        {
            ["JobService:Api:MaxHeldBytes"] = "16777216",
            ["JobService:Api:ShedAboveBytes"] = "268435456",
            ["JobService:Intake:MaxHeldBytes"] = "8388608",
            ["JobService:Upstream:MaxHeldBytes"] = "8388608",
        },
    };

    /// <summary>Bytes of the whole process, at most.</summary>
    public required long Most { get; init; }

    /// <summary>Clients that each want something large.</summary>
    public required int Many { get; init; }

    /// <summary>Jobs of 1 MB that run at once.</summary>
    public required int Running { get; init; }

    /// <summary>Connections, so many that what is small on each counts.</summary>
    public required int Crowd { get; init; }

    /// <summary>Connections of HTTP/2, each with a hundred requests.</summary>
    public required int Http2Connections { get; init; }

    /// <summary>Of the service; none: those that are shipped.</summary>
    public IReadOnlyDictionary<string, string>? Settings { get; init; }
}
