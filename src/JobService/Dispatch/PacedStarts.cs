using JobService.Ledger;
using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>The actual starts of this node's calls, for claimed jobs that were given their slots before these were known. Pure: uses no clock and no lock.</summary>
internal sealed class PacedStarts
{
    private const int FewEnoughToKeep = 1_024;

    private readonly Dictionary<(string Limit, string Key), PacedRate> rates = [];
    private readonly List<UnconfirmedStart> unconfirmed = [];
    private TimeSpan handOver;
    private TimeSpan toldHandOver;
    private int sweepAbove = FewEnoughToKeep;

    /// <summary>There is a late start that no request has reported yet.</summary>
    public bool HasNews => unconfirmed.Count > 0 && unconfirmed[^1].Request == 0;

    /// <summary>Number of limit states that are remembered, needed or not.</summary>
    public int Count => rates.Count;

    /// <summary>The late starts that the store has not confirmed.</summary>
    /// <param name="request">The number of the request that reports them.</param>
    public StartsMade Tell(long request)
    {
        toldHandOver = handOver;
        if (unconfirmed.Count == 0)
            return StartsMade.None with { HandOver = handOver };

        for (var i = unconfirmed.Count - 1; i >= 0 && unconfirmed[i].Request == 0; i--)
            unconfirmed[i] = unconfirmed[i] with { Request = request };
        return new StartsMade(unconfirmed.ConvertAll(start => start.Start), handOver);
    }

    /// <summary>Jobs were claimed.</summary>
    /// <param name="known">The last request whose late starts the store knew.</param>
    /// <returns>When the first late start became known that the store did not know; null when it knew all.</returns>
    public DateTimeOffset? Heard(long known)
    {
        if (toldHandOver == handOver)
            handOver = TimeSpan.Zero;
        unconfirmed.RemoveAll(start => start.Request > 0 && start.Request <= known);
        return unconfirmed.Count > 0 ? unconfirmed[0].NotedAt : null;
    }

    /// <summary>The slot clock begins to wait for the slot of a claim.</summary>
    public void HandOver(ClaimedJob job, DateTimeOffset now)
    {
        if (now - job.PlannedAt > handOver)
            handOver = now - job.PlannedAt;
    }

    /// <summary>The first time at which a claim with a slot may start, as far as is known now.</summary>
    /// <param name="job">The claim.</param>
    /// <param name="now">The moment.</param>
    /// <param name="binding">The limit state that delays it; null when only its slot does.</param>
    public DateTimeOffset EarliestFor(ClaimedJob job, DateTimeOffset now, out (string Limit, string Key)? binding)
    {
        binding = null;
        var earliest = job.Slot!.Value.At.UtcTicks;
        for (var i = 0; i < job.Rates.Count; i++)
        {
            var (limit, key, pace) = job.Rates[i];
            if (!rates.TryGetValue((limit, key), out var rate))
                continue;
            var afterResponses = Math.Max(rate.Responses.EarliestAt(now.UtcTicks, pace), rate.Arrivals.EarliestAt(pace));
            var allowed = Math.Max(rate.Starts.EarliestFor(job.KnowsStartsUntil.UtcTicks, pace), afterResponses);
            if (allowed > earliest)
                (earliest, binding) = (allowed, (limit, key));
        }

        return new DateTimeOffset(earliest, TimeSpan.Zero);
    }

    /// <summary>The last check of the clock. A call that may start counts as started.</summary>
    public StartVerdict TryStart(ClaimedJob job, DateTimeOffset now)
    {
        if (job.Slot is not { } slot)
            return StartVerdict.Started;
        var earliest = EarliestFor(job, now, out _);
        if (now < slot.At || now > slot.Latest || earliest > slot.Latest)
            return StartVerdict.TooLate;
        if (earliest > now)
            return StartVerdict.NotYet;

        var inTime = now - slot.Window;
        var counted = inTime > earliest ? inTime : earliest;
        foreach (var (limit, key, pace) in job.Rates)
        {
            var rate = RateOf(limit, key, now);
            rate.Starts.Add(now.UtcTicks, counted.UtcTicks, job.KnowsStartsUntil.UtcTicks, pace);
            rate.Responses.Start(now.UtcTicks, pace);
            rate.Arrivals.Start(now.UtcTicks, counted.UtcTicks, pace);
        }

        if (counted > slot.At)
            unconfirmed.Add(new UnconfirmedStart(new LateStart(job.Lease, counted), now));
        return StartVerdict.Started;
    }

    /// <summary>The call of a job that has started is over.</summary>
    /// <returns>The later start time that its limits should count; null when there is none.</returns>
    public DateTimeOffset? End(ClaimedJob job, DateTimeOffset startedAt, DateTimeOffset now)
    {
        var countsAt = 0L;
        foreach (var (limit, key, pace) in job.Rates)
        {
            if (!rates.TryGetValue((limit, key), out var rate))
                continue;
            var counted = Math.Max(rate.Responses.End(startedAt.UtcTicks, now.UtcTicks, pace) ?? 0, rate.Arrivals.End(startedAt.UtcTicks, now.UtcTicks, pace) ?? 0);
            if (counted > 0)
                rate.Starts.Postpone(now.UtcTicks, counted, pace);
            countsAt = Math.Max(countsAt, counted);
        }

        if (countsAt == 0)
            return null;
        var moment = new DateTimeOffset(countsAt, TimeSpan.Zero);
        unconfirmed.Add(new UnconfirmedStart(new LateStart(job.Lease, moment), now));
        return moment;
    }

    private PacedRate RateOf(string limit, string key, DateTimeOffset now)
    {
        if (rates.TryGetValue((limit, key), out var rate))
            return rate;
        Sweep(now);
        rates.Add((limit, key), rate = new PacedRate());
        return rate;
    }

    /// <summary>Keys that never occur again would pile up. Swept when their number has doubled since the last sweep.</summary>
    private void Sweep(DateTimeOffset now)
    {
        if (rates.Count < sweepAbove)
            return;
        foreach (var (state, rate) in rates)
        {
            if (rate.Starts.IsOver(now.UtcTicks) && rate.Responses.IsOver(now.UtcTicks))
                rates.Remove(state);
        }

        sweepAbove = Math.Max(FewEnoughToKeep, 2 * rates.Count);
    }

    /// <param name="Start">The late start to report.</param>
    /// <param name="NotedAt">When it became known.</param>
    /// <param name="Request">The first request that reports it; 0 when none has.</param>
    private readonly record struct UnconfirmedStart(LateStart Start, DateTimeOffset NotedAt, long Request = 0);

    private sealed class PacedRate
    {
        public ActualStarts Starts { get; } = new();

        public ResponseWatch Responses { get; } = new();

        public LateArrivals Arrivals { get; } = new();
    }
}

/// <summary>Whether a call may start now.</summary>
public enum StartVerdict
{
    Started,

    /// <summary>Another call has started late: this one must start after it.</summary>
    NotYet,

    /// <summary>Before its slot, or so late that the slot is given up.</summary>
    TooLate,
}
