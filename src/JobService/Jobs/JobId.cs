using System.Diagnostics.CodeAnalysis;

namespace JobService.Jobs;

/// <summary>A UUIDv7 (RFC 9562): its order is the order of acceptance.</summary>
public readonly record struct JobId(Guid Value) : IComparable<JobId>
{
    public const int ByteCount = 16;

    /// <summary>Big-endian, so that the order of the bytes is the order of the ids and inserts stay at the end of the tree.</summary>
    public void WriteTo(Span<byte> bytes) => Value.TryWriteBytes(bytes, bigEndian: true, out _);

    public byte[] ToBytes()
    {
        var bytes = new byte[ByteCount];
        WriteTo(bytes);
        return bytes;
    }

    public static JobId FromBytes(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        id = new JobId(value);
        return parsed;
    }

    public int CompareTo(JobId other) => Value.CompareTo(other.Value);

    public static bool operator <(JobId left, JobId right) => left.CompareTo(right) < 0;

    public static bool operator >(JobId left, JobId right) => left.CompareTo(right) > 0;

    public static bool operator <=(JobId left, JobId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(JobId left, JobId right) => left.CompareTo(right) >= 0;

    public override string ToString() => Value.ToString("D");
}
