using JobService.Dispatch;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Simulation;

/// <summary>The scheduler over the real SQLite store, turn by turn on one thread: what the writer thread, the dispatcher and the semaphores do, in virtual time.</summary>
internal sealed class SimulatedService : IDisposable
{
    private readonly SqliteDatabase database;
    private readonly Random random;
    private readonly Dictionary<string, int> permitsOut = [];
    private readonly ClaimRequest wish;
    private LeaseSource leases;
    private SqliteSession session;
    private bool goesOn;
    private long lead = TimeSpan.TicksPerMillisecond;

    public SimulatedService(string path, Random random)
    {
        this.random = random;
        database = SqliteDatabase.Open(path);
        wish = new ClaimRequest(TakePermits, (queue, free, _) => permitsOut[queue] -= free, () => Starts.Take(new DateTimeOffset(Now, TimeSpan.Zero)));
        leases = new LeaseSource(1);
        session = OpenSession(former: null);
    }

    /// <summary>Ticks of store time.</summary>
    public long Now { get; set; } = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>What this process has started.</summary>
    public PacedStarts Starts { get; private set; } = new();

    public StoreMemory Memory => session.Memory;

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
        List<ClaimedJob> claimed = [];
        try
        {
            var turn = session.Run(Now, turn =>
            {
                var startsKnown = Claiming.TakeStarts(turn, wish, new CommitTimes());
                commands.ForEach(command => command.Run(turn));
                Waking.Wake(turn);
                claimed = Claiming.Claim(turn, startsKnown, Now, lead, Claiming.LeastAlarm, most: 512, wish);
                if (breaks)
                    throw new BrokenTurnException();
            });
            // The commit takes its time, now and then longer than the slots were given.
            var commit = (long)((0.2 + (random.NextDouble() * (random.Next(40) == 0 ? 12 : 1))) * TimeSpan.TicksPerMillisecond);
            lead = Math.Max(commit, lead * 9 / 10);
            goesOn = turn.GoesOn;
            Now += commit;
            return (claimed, turn);
        }
        catch (BrokenTurnException)
        {
            // As the writer does: connection and memory are thrown away and made anew, the process and its calls live on.
            foreach (var job in claimed.Where(job => job.PermitAt is null))
                permitsOut[job.Queue.Name]--;
            var former = session.Memory;
            session.Dispose();
            session = OpenSession(former);
            return null;
        }
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

    private SqliteSession OpenSession(StoreMemory? former) => SqliteSession.Open(database, leases, Now, former, NullLogger.Instance);

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

    private sealed class BrokenTurnException : Exception;
}
