using JobService.Dispatch;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Simulation;

/// <summary>The service's own turns over a store, one by one on one thread: around them what the writer thread, the dispatcher and the semaphores do, in virtual time.</summary>
internal sealed class SimulatedService : IDisposable
{
    private const int TurnsBetweenLooks = 8;

    private readonly Func<ILedgerRows> connect;
    private readonly Random random;
    private readonly Dictionary<string, int> permitsOut = [];

    /// <summary>Jobs by queue that were claimed for a free permit and have not come for it.</summary>
    private readonly Dictionary<string, int> kept = [];
    private long requests;
    private PendingClaim pending;
    private TurnRun turns;
    private LeaseSource leases;
    private LedgerSession session;
    private bool goesOn;

    /// <param name="connect">Opens a connection to the store.</param>
    /// <param name="random">Chance.</param>
    public SimulatedService(Func<ILedgerRows> connect, Random random)
    {
        this.connect = connect;
        this.random = random;
        turns = new TurnRun(() => Now);
        leases = new LeaseSource(1);
        session = OpenSession(former: null);
        pending = new PendingClaim(NewRequest());
    }

    /// <summary>Ticks of store time.</summary>
    public long Now { get; set; } = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>What this process has started.</summary>
    public PacedStarts Starts { get; private set; } = new();

    public LedgerMemory Memory => session.Memory;

    public int Turns { get; private set; }

    /// <summary>When the writer takes a turn by itself: at once when the last one goes on, otherwise when its alarm rings.</summary>
    public long Alarm => goesOn ? Now : Memory.NextTurnAt(Now, wall: Now, isClaiming: true);

    /// <summary>One turn of the writer: commands, what has come due, claims last.</summary>
    /// <param name="commands">Those that have gathered.</param>
    /// <param name="breaks">The turn fails before its commit.</param>
    /// <returns>What is claimed, and what the turn told others; null when it was rolled back.</returns>
    public (List<ClaimedJob> Claimed, Turn Turn)? Take(List<PendingOperation> commands, bool breaks = false)
    {
        Turns++;
        var turn = session.Begin(Now);
        RenewClaim();
        var claims = turns.Run(turn, commands, pending);
        if (breaks)
        {
            turn.WriteBack(); // what was written goes too
            // As the writer does: connection and memory are thrown away and made anew, the process and its calls live on.
            var former = session.Memory;
            session.Dispose();
            session = OpenSession(former);
            return null;
        }

        session.Commit(turn);
        var claimed = session.HandOut(turn, claims);
        if (Turns % TurnsBetweenLooks == 0)
            CheckHeads();
        goesOn = turn.GoesOn;
        // The commit takes its time, now and then longer than the slots were given.
        Now += (long)((0.2 + (random.NextDouble() * (random.Next(40) == 0 ? 12 : 1))) * TimeSpan.TicksPerMillisecond);
        if (claimed.Count > 0)
        {
            turns.NoteClaimed();
            claimed = TakeUp(claimed);
            pending = new PendingClaim(NewRequest());
        }

        return (claimed, turn);
    }

    /// <summary>A claimed job comes for its permit.</summary>
    /// <returns>False when there is none for it.</returns>
    public bool TryEnter(ClaimedJob job)
    {
        var queue = job.Queue.Name;
        kept[queue] -= job.PermitAt is null ? 1 : 0;
        var has = permitsOut.GetValueOrDefault(queue) + (job.PermitAt is null ? 0 : kept.GetValueOrDefault(queue)) < SizeOf(queue);
        permitsOut[queue] = permitsOut.GetValueOrDefault(queue) + (has ? 1 : 0);
        return has;
    }

    /// <summary>The permit of the queue's semaphore comes back.</summary>
    public void ReturnPermit(string queue) => permitsOut[queue]--;

    /// <summary>The process dies and another one opens the store.</summary>
    public void Crash()
    {
        session.Dispose();
        permitsOut.Clear();
        kept.Clear();
        Starts = new PacedStarts();
        turns = new TurnRun(() => Now);
        goesOn = false;
        Now += random.Next(50, 2_000) * TimeSpan.TicksPerMillisecond;
        leases = new LeaseSource(leases.Next() >> 40 is var opening ? opening + 1 : 0);
        session = OpenSession(former: null);
        pending = new PendingClaim(NewRequest());
    }

    /// <summary>The row of a job, as it was committed; null when there is none.</summary>
    public JobRow? Row(JobId job)
    {
        var look = session.Ask(Now);
        var wanted = new Wanted();
        wanted.Jobs.Add(job.Stamp);
        look.Fetch(wanted);
        return look.Fetched.Job(job.Stamp);
    }

    public T Ask<T>(Func<Turn, T> question) => question(session.Ask(Now));

    public void Dispose() => session.Dispose();

    /// <summary>What is held of lanes is what their rows say.</summary>
    private void CheckHeads()
    {
        foreach (var lane in Memory.Heads.Lanes)
        {
            var wanted = new Wanted();
            wanted.Lanes.Add(new LaneLook(lane.QueueId, lane.Key, lane.Count + 1));
            var look = session.Ask(Now);
            look.Fetch(wanted);
            var rows = look.Fetched.Lanes[0];
            var held = lane.First(lane.Count);
            Check.That(rows.Count >= held.Count && rows.Zip(held).All(pair => AreSame(pair.First, pair.Second)), $"Lane '{lane.Key}' is {string.Join(", ", rows)}; held is {string.Join(", ", held)}.");
            Check.That(lane.HasMore || rows.Count == lane.Count, $"Lane '{lane.Key}' has more jobs than those that are held.");
        }
    }

    // Equal but for what a row has already read of its weights.
    private static bool AreSame(QueuedRow row, QueuedRow held) => row == held || row.ToString() == held.ToString();

    private LedgerSession OpenSession(LedgerMemory? former) => LedgerSession.Open(connect(), leases, Now, former, NullLogger.Instance);

    private ClaimRequest NewRequest() => new(++requests, Memory.LastRevision, Memory.Queues.ToDictionary(queue => queue.Entry.Name, queue => Offer(queue.Entry.Name)), Starts.Tell(requests));

    /// <summary>What is new reaches the store in time for the next turn, mostly: at once when a start came late, or when nothing was offered before.</summary>
    private void RenewClaim()
    {
        var isUrgent = Starts.HasNews;
        var newest = NewRequest();
        if (isUrgent || random.Next(4) > 0 || newest.Permits.Any(offer => offer.Value.Free > 0 && pending.Newest.Permits.GetValueOrDefault(offer.Key, Permits.None).Free == 0))
            pending.Newest = newest;
    }

    /// <summary>What of the offer was used follows from the jobs.</summary>
    private List<ClaimedJob> TakeUp(List<ClaimedJob> claimed)
    {
        foreach (var jobs in claimed.GroupBy(job => job.Queue.Name))
        {
            var (free, offered) = (jobs.Count(job => job.PermitAt is null), pending.Newest.Permits[jobs.Key]);
            Check.That(free <= offered.Free, $"{free} permits of {jobs.Key} are used, {offered.Free} were offered.");
            var expected = offered.Expected.ToList();
            Assert.All(jobs.Where(job => job.PermitAt is not null), job => Check.That(expected.Remove(job.PermitAt!.Value.UtcTicks), $"{job.Id} counts on a permit that nobody has offered."));
            kept[jobs.Key] = kept.GetValueOrDefault(jobs.Key) + free;
        }

        return Starts.Heard(pending.Known) is { } unheard ? claimed.ConvertAll(job => job.KnowsStartsUntil > unheard ? job with { KnowsStartsUntil = unheard } : job) : claimed;
    }

    private Permits Offer(string queue) => new(Math.Max(SizeOf(queue) - permitsOut.GetValueOrDefault(queue) - kept.GetValueOrDefault(queue), 0), Promise());

    private int SizeOf(string queue) => Memory.FindQueue(queue)?.Entry.Definition.MaxConcurrency ?? 0;

    /// <summary>Permits that may be back by then, or not.</summary>
    private long[] Promise() =>
        [.. Enumerable.Range(0, random.Next(16) == 0 ? 2 : 0).Select(_ => Now + random.NextInt64(-5 * TimeSpan.TicksPerMillisecond, 40 * TimeSpan.TicksPerMillisecond)).Order()];
}
