using JobService.Ledger;
using JobService.Limits;

namespace JobService.Dispatch;

/// <summary>What this node's claims have started and when, as far as others in its hands were given their slots before that was known. Pure: asks no clock, takes no lock.</summary>
internal sealed class PacedStarts
{
    private const int FewEnoughToKeep = 1_024;

    private readonly Dictionary<(string Limit, string Key), PacedRate> rates = [];
    private readonly List<UnheardStart> unheard = [];
    private TimeSpan handOver;
    private TimeSpan toldHandOver;
    private int sweepAbove = FewEnoughToKeep;

    /// <summary>Something is to be told that no request has told yet.</summary>
    public bool HasNews => unheard.Count > 0 && unheard[^1].Request == 0;

    /// <summary>States that are remembered, needed or not.</summary>
    public int Count => rates.Count;

    /// <summary>What the store may not have heard yet.</summary>
    /// <param name="request">The number of the request that tells it.</param>
    public StartsMade Tell(long request)
    {
        toldHandOver = handOver;
        if (unheard.Count == 0)
            return StartsMade.None with { HandOver = handOver };

        for (var i = unheard.Count - 1; i >= 0 && unheard[i].Request == 0; i--)
            unheard[i] = unheard[i] with { Request = request };
        return new StartsMade(unheard.ConvertAll(start => start.Start), handOver);
    }

    /// <summary>Jobs were claimed.</summary>
    /// <param name="known">The number of the last request that the store knew.</param>
    /// <returns>The first moment of a late start that it did not know of; null when it knew all.</returns>
    public DateTimeOffset? Heard(long known)
    {
        if (toldHandOver == handOver)
            handOver = TimeSpan.Zero;
        unheard.RemoveAll(start => start.Request > 0 && start.Request <= known);
        return unheard.Count > 0 ? unheard[0].NotedAt : null;
    }

    /// <summary>A claim has come to where its slot is waited for.</summary>
    public void HandOver(ClaimedJob job, DateTimeOffset now)
    {
        if (now - job.PlannedAt > handOver)
            handOver = now - job.PlannedAt;
    }

    /// <summary>The first moment at which a claim with a slot may start, as it looks now.</summary>
    /// <param name="job">The claim.</param>
    /// <param name="now">The moment.</param>
    /// <param name="binding">The state that holds it back; null when its slot does.</param>
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
            var allowed = Math.Max(rate.Starts.EarliestFor(job.PlannedAt.UtcTicks, pace), afterResponses);
            if (allowed > earliest)
                (earliest, binding) = (allowed, (limit, key));
        }

        return new DateTimeOffset(earliest, TimeSpan.Zero);
    }

    /// <summary>The last look at the clock. What it lets start has started.</summary>
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
            rate.Starts.Add(now.UtcTicks, counted.UtcTicks, job.PlannedAt.UtcTicks, pace);
            rate.Responses.Start(now.UtcTicks, pace);
            rate.Arrivals.Start(now.UtcTicks, counted.UtcTicks, pace);
        }

        if (counted > slot.At)
            unheard.Add(new UnheardStart(new LateStart(job.Lease, counted), now));
        return StartVerdict.Started;
    }

    /// <summary>The call of a job that has started is over.</summary>
    /// <returns>What its limits are to count it as, if that is later than they do.</returns>
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
        unheard.Add(new UnheardStart(new LateStart(job.Lease, moment), now));
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

    /// <summary>Keys that never come back would pile up. Looked through when as many have come as the last look left.</summary>
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

    /// <param name="Start">What the store is to hear.</param>
    /// <param name="NotedAt">From here on it is so.</param>
    /// <param name="Request">The first that tells it; 0: none has.</param>
    private readonly record struct UnheardStart(LateStart Start, DateTimeOffset NotedAt, long Request = 0);

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

    /// <summary>Another start has come late: this one has to lie behind it.</summary>
    NotYet,

    /// <summary>Before its slot, or so late that the slot is given up.</summary>
    TooLate,
}
