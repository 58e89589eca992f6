namespace JobService.Limits;

/// <summary>Measures how much longer than usual the calls of a window took. Pure.</summary>
/// <remarks>
/// The time of a response beyond the shortest known one may have passed before its call was counted. An API whose own work varies in duration looks the same, so taking all of it into account may cost at most
/// 1/512 of the limit: each call earns a share, up to a twentieth of the period, and moving a call spends it. The ordinary time is learned from zero upwards: the first calls, over
/// cold connections, are the slowest.
/// </remarks>
internal struct LateResponses
{
    private const int ShareOfPeriod = 512;
    private const int MostShare = 20;
    private const long MostSaved = 250 * TimeSpan.TicksPerMillisecond;

    private long least;
    private long spent;

    /// <summary>A call has received its response.</summary>
    /// <param name="took">From its send to the end of its response.</param>
    /// <param name="period">Length of the window.</param>
    /// <param name="share">The share of the window's permits that the call took, at most 1.</param>
    /// <returns>About the shortest time that a call takes: it falls at once, and rises in small steps.</returns>
    public long Learn(long took, long period, double share)
    {
        spent = Math.Max(0, spent - (long)(share * period / ShareOfPeriod));
        return least = took < least ? took : least + Math.Min((took - least) / 64, (least / 64) + (TimeSpan.TicksPerMillisecond / 100));
    }

    /// <summary>A call should count later.</summary>
    /// <param name="late">By this much; negative when it was not late.</param>
    /// <param name="period">Length of the window.</param>
    /// <param name="share">The share of the window's permits that the call took, at most 1.</param>
    /// <returns>By how much it may count later.</returns>
    public long Spend(long late, long period, double share)
    {
        var most = Math.Min(period / MostShare, MostSaved);
        // With a longer period, more may have been spent than there is now.
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
