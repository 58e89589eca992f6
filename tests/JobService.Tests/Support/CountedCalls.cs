namespace JobService.Tests.Support;

/// <param name="At">Since the first call.</param>
/// <param name="Tokens">What it took.</param>
internal readonly record struct CountedCall(TimeSpan At, int Tokens);

/// <summary>What an API that allows so many calls and so many tokens in any window, and so many calls at once.</summary>
internal sealed record CountedLimits(int Calls, int Tokens, TimeSpan Period, int AtOnce);

/// <summary>What an API has counted.</summary>
/// <param name="Calls">In the order of their arrival.</param>
/// <param name="MostAtOnce">Calls that were with the API at the same time, at most.</param>
internal sealed record CountedCalls(IReadOnlyList<CountedCall> Calls, int MostAtOnce)
{
    /// <summary>Windows that hold too many calls or too many tokens, wherever they begin: each that matters begins with a call. And one more when too many calls were there at once.</summary>
    public int Over(CountedLimits limits) => TooShort(limits).Count + (MostAtOnce > limits.AtOnce ? 1 : 0);

    /// <summary>How long the calls of each window took that is over.</summary>
    public IReadOnlyList<TimeSpan> TooShort(CountedLimits limits)
    {
        var over = new List<TimeSpan>();
        var (end, tokens) = (0, 0L);
        for (var begin = 0; begin < Calls.Count; begin++)
        {
            while (end < Calls.Count && Calls[end].At < Calls[begin].At + limits.Period)
                tokens += Calls[end++].Tokens;
            if (end - begin > limits.Calls || tokens > limits.Tokens)
                over.Add(Calls[end - 1].At - Calls[begin].At);
            tokens -= Calls[begin].Tokens;
        }

        return over;
    }

    /// <summary>Share of what the limit that binds allows: the time that the same calls, in their order, need at least ÷ the time they have taken.</summary>
    /// <param name="limits">What the API allows.</param>
    /// <param name="latency">How long a call takes.</param>
    public double Used(CountedLimits limits, TimeSpan latency)
    {
        var at = new TimeSpan[Calls.Count];
        var (oldest, tokens) = (0, 0L);
        for (var n = 0; n < at.Length; n++)
        {
            // Not before the one ahead; then as many at once as may be, as many calls and as many tokens in the window that it ends.
            at[n] = n > 0 ? at[n - 1] : TimeSpan.Zero;
            if (n >= limits.AtOnce)
                at[n] = Later(at[n], at[n - limits.AtOnce] + latency);
            if (n >= limits.Calls)
                at[n] = Later(at[n], at[n - limits.Calls] + limits.Period);
            tokens += Calls[n].Tokens;
            while (tokens > limits.Tokens)
            {
                at[n] = Later(at[n], at[oldest] + limits.Period);
                tokens -= Calls[oldest++].Tokens;
            }
        }

        return at[^1] / Calls[^1].At;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
