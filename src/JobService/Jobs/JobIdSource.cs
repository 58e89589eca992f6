using System.Buffers.Binary;

namespace JobService.Jobs;

/// <summary>Makes ids that never run backwards, also within one millisecond and when the clock steps back.</summary>
/// <remarks>RFC 9562, section 6.2, method 1: 12 bits of counter behind the millisecond; a full counter borrows the next one.</remarks>
public sealed class JobIdSource(TimeProvider time, Random random)
{
    private const int CounterBits = 12;

    private readonly Lock turn = new();
    private long last;

    public JobId Next()
    {
        long stamp;
        long chance;
        lock (turn)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds() << CounterBits;
            stamp = last = Math.Max(now, last + 1);
            chance = random.NextInt64();
        }

        Span<byte> bytes = stackalloc byte[JobId.ByteCount];
        var milliseconds = (ulong)(stamp >> CounterBits);
        var counter = (ulong)stamp & ((1 << CounterBits) - 1);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (milliseconds << 16) | 0x7000 | counter);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (0b10UL << 62) | ((ulong)chance & (ulong.MaxValue >> 2)));
        return JobId.FromBytes(bytes);
    }
}
