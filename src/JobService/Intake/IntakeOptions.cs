using System.ComponentModel.DataAnnotations;

namespace JobService.Intake;

/// <summary>Section <c>JobService:Intake</c>.</summary>
public sealed class IntakeOptions
{
    public const string Section = "JobService:Intake";

    /// <summary>Submissions on their way to the store, at most. Default 4 096, from 1 to 1 000 000.</summary>
    [Range(1, 1_000_000)]
    public int ChannelCapacity { get; set; } = 4_096;

    /// <summary>Submitted jobs written in one transaction, at most. Default 1 000, from 1 to 10 000.</summary>
    [Range(1, 10_000)]
    public int SubmissionsPerCommit { get; set; } = 1_000;

    /// <summary>
    /// Bytes of submissions in memory at once, from the first read until they are stored. A submission that does not fit waits to be read; after <see cref="MaxWaitSeconds"/> it is refused with 429, while an upload
    /// waits as long as it takes. One submission more is always read to its end. Default 67 108 864 (64 MiB), from 1 048 576 to 1 099 511 627 776.
    /// </summary>
    [Range(1_048_576, 1_099_511_627_776)]
    public long MaxHeldBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Seconds that a client waits for capacity in a full queue before it gets a 429. Default 2, from 0 to 60.</summary>
    [Range(0, 60)]
    public double MaxWaitSeconds { get; set; } = 2;
}
