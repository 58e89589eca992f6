using JobService.Jobs;

namespace JobService.Storage;

/// <summary>The row of a delivery with its callback, as far as a read needs it.</summary>
internal sealed class DeliveryRead
{
    public long Stamp { get; init; }

    public long Salt { get; init; }

    public long Subject { get; init; }

    public long SubjectSalt { get; init; }

    public string Type { get; init; } = "";

    public DeliveryState State { get; init; }

    public long CreatedAt { get; init; }

    public long? NextAt { get; init; }

    public int Failures { get; init; }

    public byte[]? Body { get; init; }

    public string Ending { get; init; } = "";

    public string Url { get; init; } = "";

    public string Secret { get; init; } = "";

    public JobId SubjectId => JobId.FromParts(Subject, SubjectSalt);

    public Delivery ToDelivery(IEnumerable<DeliveryAttempt> attempts) =>
        new(JobId.FromParts(Stamp, Salt), Type, Url, State, Time(CreatedAt), NextAt is { } next ? Time(next) : null, [.. attempts]);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}

internal sealed class DeliveryTryRead
{
    public int Number { get; init; }

    public long At { get; init; }

    public long Duration { get; init; }

    public int? Status { get; init; }

    public string? Error { get; init; }

    public DeliveryAttempt ToAttempt() => new(Number, new DateTimeOffset(At, TimeSpan.Zero), Status, new TimeSpan(Duration), Error);
}
