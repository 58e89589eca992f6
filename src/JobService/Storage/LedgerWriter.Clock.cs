using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>Keeps store time across restarts, and logs steps of the machine's clock.</summary>
internal sealed partial class LedgerWriter
{
    private static readonly TimeSpan WallClockCheckInterval = TimeSpan.FromSeconds(1);

    private long clockWrittenAt = long.MinValue / 2;
    private bool clockWanted;

    public StepWatch Steps { get; }

    private void RecordTime(Turn turn, long jumped)
    {
        if (jumped > 0)
        {
            turn.Changes.Add(new ClockChange.Moved(jumped));
            LogJumped(logger, new TimeSpan(jumped).TotalSeconds);
        }
        else if (-Clock.Difference > StepWatch.Least)
        {
            LogAhead(logger, -Clock.Difference.TotalSeconds);
        }

        turn.Changes.Add(new ClockChange.Put(StoredClock.At(Clock.Now, time)));
        clockWrittenAt = time.GetTimestamp();
    }

    /// <summary>The clock's row is written together with other changes; by itself after a step, and from time to time.</summary>
    private void OfferClock(Turn turn)
    {
        CheckWallClock();
        turn.Wall = time.GetUtcNow().UtcTicks;
        turn.WritesClock = clockWanted;
        if (clockWanted || ClockAge >= StoredClock.WrittenEvery)
            turn.ClockToWrite = StoredClock.At(Clock.Now, time);
    }

    private void NoteClock(Turn turn)
    {
        if (!turn.WritesClock)
            return;
        clockWrittenAt = time.GetTimestamp();
        clockWanted = false;
    }

    private TimeSpan ClockAge => time.GetElapsedTime(clockWrittenAt);

    /// <summary>Called in each turn, and each second while there is none.</summary>
    /// <returns>True when a turn is needed: times given by users may have come, or the clock's row is old.</returns>
    private bool CheckWallClock()
    {
        var step = Steps.Look();
        if (step is not null)
            LogStep(logger, Math.Abs(step.By.TotalSeconds), step.By > TimeSpan.Zero ? "forward" : "back", step.NoticedAt - step.By, step.NoticedAt, Clock.Difference.TotalSeconds);
        clockWanted |= step is not null || ClockAge >= StoredClock.WrittenAtLeastEvery;
        return clockWanted;
    }

    /// <summary>The last write of this process.</summary>
    private void WriteLastTime()
    {
        clockWanted = true;
        try
        {
            if (database.Damage is not null || session is null)
                return;
            var turn = session.Begin(Clock.Now);
            OfferClock(turn);
            session.Commit(turn);
        }
        catch (Exception error)
        {
            LogTurnFailed(logger, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The machine's clock was set {Direction} by {Seconds} s, or the machine was suspended: {From:O} became {To:O}. Limits, delays and retries continue in elapsed time; notBefore and startBefore follow the machine's clock. It differs from the service's own time by {Difference} s, which is reduced at a rate of 0.05 %")]
    private static partial void LogStep(ILogger logger, double seconds, string direction, DateTimeOffset from, DateTimeOffset to, double difference);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The machine's clock was set forward while the service was down or before, or the machine was suspended: the service's own time skips {Seconds} s, and everything that limits, delays and retries have counted moves with it")]
    private static partial void LogJumped(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The machine's clock is {Seconds} s behind the service's own time, which never goes back: times are shown ahead by that much, and the difference is reduced at a rate of 0.05 %. notBefore and startBefore follow the machine's clock")]
    private static partial void LogAhead(ILogger logger, double seconds);
}
