using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace JobService.Jobs;

/// <summary>A UUIDv7 (RFC 9562): its order is the order of acceptance.</summary>
/// <remarks>
/// Its 122 free bits are two numbers: the <see cref="Stamp"/> (48 bits of milliseconds, 12 of counter), unique in one store and always rising,
/// and the <see cref="Salt"/> (62 random bits), which makes the id unguessable.
/// </remarks>
public readonly record struct JobId(Guid Value) : IComparable<JobId>
{
    public const int ByteCount = 16;
    public const int CounterBits = 12;

    private const ulong CounterMask = (1UL << CounterBits) - 1;
    private const ulong SaltMask = ulong.MaxValue >> 2;
    private const ulong Version7 = 0x7000;
    private const ulong Variant = 0b10UL << 62;

    public long Stamp
    {
        get
        {
            Span<byte> bytes = stackalloc byte[ByteCount];
            WriteTo(bytes);
            var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            return (long)(((high >> 16) << CounterBits) | (high & CounterMask));
        }
    }

    public long Salt
    {
        get
        {
            Span<byte> bytes = stackalloc byte[ByteCount];
            WriteTo(bytes);
            return (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) & SaltMask);
        }
    }

    public static JobId FromParts(long stamp, long salt)
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)stamp >> CounterBits << 16) | Version7 | ((ulong)stamp & CounterMask));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Variant | ((ulong)salt & SaltMask));
        return FromBytes(bytes);
    }

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
