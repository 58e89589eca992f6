using JobService.Dispatch;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Simulation;

/// <summary>The service's own turns over the real SQLite store, one by one on one thread: around them what the writer thread, the dispatcher and the semaphores do, in virtual time.</summary>
internal sealed class SimulatedService : IDisposable
{
    private const int TurnsBetweenLooks = 8;

    private readonly SqliteDatabase database;
    private readonly Random random;
    private readonly Dictionary<string, int> permitsOut = [];
    private ClaimRequest pending;
    private TurnRun turns;
    private LeaseSource leases;
    private SqliteSession session;
    private bool goesOn;

    public SimulatedService(string path, Random random)
    {
        this.random = random;
        database = SqliteDatabase.Open(path);
        pending = NewClaim();
        turns = new TurnRun(() => Now);
        leases = new LeaseSource(1);
        session = OpenSession(former: null);
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
    public (List<ClaimedJob> Claimed, Turn Turn)? Take(List<Envelope> commands, bool breaks = false)
    {
        Turns++;
        var turn = session.Begin(Now);
        var claimed = turns.Run(turn, commands, pending);
        if (breaks)
        {
            turn.WriteBack(); // what was written goes too
            // As the writer does: connection and memory are thrown away and made anew, the process and its calls live on.
            pending.ReturnAll();
            var former = session.Memory;
            session.Dispose();
            session = OpenSession(former);
            return null;
        }

        session.Commit(turn);
        if (Turns % TurnsBetweenLooks == 0)
            CheckHeads();
        goesOn = turn.GoesOn;
        // The commit takes its time, now and then longer than the slots were given.
        Now += (long)((0.2 + (random.NextDouble() * (random.Next(40) == 0 ? 12 : 1))) * TimeSpan.TicksPerMillisecond);
        if (claimed.Count > 0)
        {
            turns.NoteClaimed();
            pending = NewClaim();
        }

        return (claimed, turn);
    }

    /// <summary>A promised permit is asked for.</summary>
    /// <returns>False when it is not back.</returns>
    public bool TryRedeem(string queue)
    {
        if (permitsOut[queue] >= (Memory.FindQueue(queue)?.Entry.Definition.MaxConcurrency ?? 0))
            return false;
        permitsOut[queue]++;
        return true;
    }

    /// <summary>The permit of the queue's semaphore comes back.</summary>
    public void ReturnPermit(string queue) => permitsOut[queue]--;

    /// <summary>The process dies and another one opens the file.</summary>
    public void Crash()
    {
        session.Dispose();
        permitsOut.Clear();
        Starts = new PacedStarts();
        pending = NewClaim();
        turns = new TurnRun(() => Now);
        goesOn = false;
        Now += random.Next(50, 2_000) * TimeSpan.TicksPerMillisecond;
        leases = new LeaseSource(leases.Next() >> 40 is var opening ? opening + 1 : 0);
        session = OpenSession(former: null);
    }

    public T Ask<T>(Func<Turn, T> question) => question(session.Ask(Now));

    public void Dispose()
    {
        session.Dispose();
        database.Dispose();
    }

    /// <summary>What is held of lanes is what their rows say.</summary>
    private void CheckHeads()
    {
        foreach (var lane in Memory.Heads.Lanes)
        {
            var rows = Ask(turn => Assert.Single(turn.Jobs.Heads([new LaneLook(lane.QueueId, lane.Key, lane.Count + 1)])));
            Assert.Equal(rows.Take(lane.Count).Select(row => row.ToString()), lane.First(lane.Count).Select(head => head.ToString()));
            Assert.True(lane.HasMore || rows.Count == lane.Count, $"Lane '{lane.Key}' has more jobs than those that are held.");
        }
    }

    private SqliteSession OpenSession(LedgerMemory? former) => SqliteSession.Open(database, leases, Now, former, NullLogger.Instance);

    private ClaimRequest NewClaim() => new(TakePermits, (queue, free, _) => permitsOut[queue] -= free, () => Starts.Take(new DateTimeOffset(Now, TimeSpan.Zero)));

    private Permits TakePermits(string queue, int atMost, long? until)
    {
        var taken = permitsOut.GetValueOrDefault(queue);
        var free = Math.Clamp((Memory.FindQueue(queue)?.Entry.Definition.MaxConcurrency ?? 0) - taken, 0, atMost);
        permitsOut[queue] = taken + free;
        return new Permits(free, until is { } moment ? Promise(atMost - free, moment) : [], NextAt: LimitState.Never);
    }

    /// <summary>Permits that may be back by then, or not.</summary>
    private long[] Promise(int atMost, long until) =>
        [.. Enumerable.Range(0, Math.Min(atMost, random.Next(16) == 0 ? 2 : 0)).Select(_ => random.NextInt64(Now - (5 * TimeSpan.TicksPerMillisecond), until + 1)).Order()];
}
