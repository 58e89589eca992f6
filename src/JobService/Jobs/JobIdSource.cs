namespace JobService.Jobs;

/// <summary>Makes ids that never run backwards, also within one millisecond and when the clock steps back.</summary>
/// <remarks>RFC 9562, section 6.2, method 1: a counter behind the millisecond; a full counter borrows the next one.</remarks>
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

    /// <summary>Every id from now on comes after <paramref name="stamp"/>: what an earlier process gave out is not given again.</summary>
    public void StartAfter(long stamp)
    {
        lock (turn)
            last = Math.Max(last, stamp);
    }
}
