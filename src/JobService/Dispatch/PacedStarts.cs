using JobService.Limits;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>What this node's claims have started and when, as far as others in its hands were given their slots before that was known. Pure: asks no clock, takes no lock.</summary>
internal sealed class PacedStarts
{
    private const int FewEnoughToKeep = 1_024;

    private readonly Dictionary<(string Limit, string Key), ActualStarts> rates = [];
    private List<LateStart> late = [];
    private int sweepAbove = FewEnoughToKeep;

    /// <summary>States that are remembered, needed or not.</summary>
    public int Count => rates.Count;

    /// <summary>What the store has not been told yet.</summary>
    public StartsMade Take(DateTimeOffset now)
    {
        var told = late;
        if (told.Count > 0)
            late = [];
        return new StartsMade(now, told);
    }

    /// <summary>The first moment at which a claim with a slot may start, as it looks now.</summary>
    /// <param name="job">The claim.</param>
    /// <param name="binding">The state that holds it back; null when its slot does.</param>
    public DateTimeOffset EarliestFor(ClaimedJob job, out (string Limit, string Key)? binding)
    {
        binding = null;
        var earliest = job.Slot!.Value.At.UtcTicks;
        for (var i = 0; i < job.Rates.Count; i++)
        {
            var (limit, key, pace) = job.Rates[i];
            if (rates.TryGetValue((limit, key), out var starts) && starts.EarliestFor(job.PlannedAt.UtcTicks, pace) is var allowed && allowed > earliest)
                (earliest, binding) = (allowed, (limit, key));
        }

        return new DateTimeOffset(earliest, TimeSpan.Zero);
    }

    /// <summary>The last look at the clock. What it lets start has started.</summary>
    public StartVerdict TryStart(ClaimedJob job, DateTimeOffset now)
    {
        if (job.Slot is not { } slot)
            return StartVerdict.Started;
        var earliest = EarliestFor(job, out _);
        if (now < slot.At || now > slot.Latest || earliest > slot.Latest)
            return StartVerdict.TooLate;
        if (earliest > now)
            return StartVerdict.NotYet;

        var inTime = now - slot.Window;
        var counted = inTime > earliest ? inTime : earliest;
        foreach (var (limit, key, pace) in job.Rates)
            StartsOf(limit, key, now).Add(now.UtcTicks, counted.UtcTicks, job.PlannedAt.UtcTicks, pace);
        if (counted > slot.At)
            late.Add(new LateStart(job.Lease, counted));
        return StartVerdict.Started;
    }

    private ActualStarts StartsOf(string limit, string key, DateTimeOffset now)
    {
        if (rates.TryGetValue((limit, key), out var starts))
            return starts;
        Sweep(now);
        rates.Add((limit, key), starts = new ActualStarts());
        return starts;
    }

    /// <summary>Keys that never come back would pile up. Looked through when as many have come as the last look left.</summary>
    private void Sweep(DateTimeOffset now)
    {
        if (rates.Count < sweepAbove)
            return;
        foreach (var (state, starts) in rates)
        {
            if (starts.IsOver(now.UtcTicks))
                rates.Remove(state);
        }

        sweepAbove = Math.Max(FewEnoughToKeep, 2 * rates.Count);
    }
}

/// <summary>Whether a call may start now.</summary>
public enum StartVerdict
{
    Started,

    /// <summary>Another start has come late: this one has to lie behind it.</summary>
    NotYet,

    /// <summary>Before its slot, or so late that the slot is given up.</summary>
    TooLate,
}
