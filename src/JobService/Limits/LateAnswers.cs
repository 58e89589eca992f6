namespace JobService.Limits;

/// <summary>How much longer than usual the calls of a window took. Pure.</summary>
/// <remarks>
/// What a response took beyond the shortest time known may have passed before its call was counted. An API whose own work takes now long and now short looks the same, so counting all of it may cost
/// 1/512 of the limit and no more: each call saves its share, up to a twentieth of the period, and what it is moved by spends it. What is ordinary is learned from nothing on: the first calls, over
/// cold connections, are the slowest.
/// </remarks>
internal struct LateAnswers
{
    private const int ShareOfPeriod = 512;
    private const int MostShare = 20;
    private const long MostSaved = 250 * TimeSpan.TicksPerMillisecond;

    private long least;
    private long spent;

    /// <summary>A call has been answered.</summary>
    /// <param name="took">From its send to the end of its response.</param>
    /// <param name="period">Length of the window.</param>
    /// <param name="share">What of the window's permits the call took, at most 1.</param>
    /// <returns>About the shortest time that a call takes: it falls at once, and rises in small steps.</returns>
    public long Learn(long took, long period, double share)
    {
        spent = Math.Max(0, spent - (long)(share * period / ShareOfPeriod));
        return least = took < least ? took : least + Math.Min((took - least) / 64, (least / 64) + (TimeSpan.TicksPerMillisecond / 100));
    }

    /// <summary>A call is to count later.</summary>
    /// <param name="late">By so much; less than nothing when it was not late.</param>
    /// <param name="period">Length of the window.</param>
    /// <param name="share">What of the window's permits the call took, at most 1.</param>
    /// <returns>By how much it may.</returns>
    public long Spend(long late, long period, double share)
    {
        var most = Math.Min(period / MostShare, MostSaved);
        // Of a longer period more may have been spent than there is now.
        var allowed = Math.Clamp(late, 0, (long)Math.Clamp((most - spent) / share, 0, most));
        spent += (long)Math.Ceiling(allowed * share);
        return allowed;
    }
}

/// <summary>When a call was sent and its response had come.</summary>
/// <param name="StartedAt">When it was sent, in ticks of store time.</param>
/// <param name="EndedAt">When its response had come.</param>
public readonly record struct CallTime(long StartedAt, long EndedAt)
{
    public long Took => EndedAt - StartedAt;
}
