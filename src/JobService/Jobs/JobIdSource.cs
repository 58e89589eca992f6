namespace JobService.Jobs;

/// <summary>Creates monotonic ids, also within one millisecond and when the clock steps back.</summary>
/// <remarks>RFC 9562, section 6.2, method 1: a counter after the millisecond; a full counter borrows from the next millisecond.</remarks>
public sealed class JobIdSource(TimeProvider time, Random random)
{
    private readonly Lock turn = new();
    private long last;

    public JobId Next()
    {
        lock (turn)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds() << JobId.CounterBits;
            last = Math.Max(now, last + 1);
            return JobId.FromParts(last, random.NextInt64());
        }
    }

    /// <summary>Every id from now on comes after <paramref name="stamp"/>: ids of an earlier process are not reused.</summary>
    public void StartAfter(long stamp)
    {
        lock (turn)
            last = Math.Max(last, stamp);
    }
}
