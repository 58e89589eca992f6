using System.Diagnostics;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>The only writer: a thread of its own that commits, turn by turn, all commands that have gathered and as many submitted jobs as a turn may take, and finally claims the next jobs.</summary>
/// <remarks>
/// A turn starts as soon as there is something to do: with an idle service, no job waits for a timer or for a batch to fill. While one turn commits, the commands of the next gather.
/// </remarks>
internal sealed partial class LedgerWriter : IDisposable
{
    private const string Elsewhere = "Another node runs the ledger of this database: this one waits to take over.";

    /// <summary>How soon a node that waits notices that it may take over.</summary>
    private static readonly TimeSpan TakeOverInterval = TimeSpan.FromMilliseconds(100);

    private readonly object gate = new();
    private readonly ILedgerDatabase database;
    private readonly JobIdSource ids;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly TurnRun turns;
    private readonly ITimer alarm;
    private readonly Thread thread;
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private List<PendingOperation> gathering = [];
    private PendingClaim? claim;
    private PendingClaim? latestClaim;
    private bool turnRequested = true;
    private bool stopping;
    private volatile bool standsBy;

    private LedgerSession? session;
    private LedgerMemory? former;
    private LeaseSource? leases;
    private Catalog catalog = Catalog.Empty;
    private StoreClock clock;
    private string? trouble;
    private long alarmAt = LedgerMemory.Never;

    public LedgerWriter(ILedgerDatabase database, JobIdSource ids, SubmissionBounds bounds, TimeProvider time, ILogger logger)
    {
        this.database = database;
        this.ids = ids;
        this.time = time;
        this.logger = logger;
        submissions = new SubmissionQueue(bounds);
        clock = new StoreClock(time, atLeast: 0); // until the store is open
        Steps = new StepWatch(time);
        turns = new TurnRun(() => Clock.Now);
        session = OpenSession();
        if (session is null)
            (standsBy, trouble) = (true, Elsewhere);
        else
            Enter(session);
        alarm = time.CreateTimer(static state => ((LedgerWriter)state!).RequestTurn(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        thread = new Thread(Loop) { IsBackground = true, Name = "ledger writer" };
    }

    public StoreClock Clock
    {
        get => Volatile.Read(ref clock);
        private set => Volatile.Write(ref clock, value);
    }

    public Catalog Catalog
    {
        get => Volatile.Read(ref catalog);
        private set => Volatile.Write(ref catalog, value);
    }

    /// <summary>The error of the last write, if it failed; null after a successful one.</summary>
    public string? Trouble
    {
        get => database.Damage ?? Volatile.Read(ref trouble);
        private set => Volatile.Write(ref trouble, value);
    }

    /// <summary>Another node has run the ledger since the start: this one has not made its memory yet.</summary>
    public bool StandsBy => standsBy;

    /// <summary>Starts the loop.</summary>
    /// <returns>Completes when the loop has ended: it was told to stop, and everything that had gathered is committed.</returns>
    public Task RunAsync()
    {
        thread.Start();
        return over.Task;
    }

    /// <summary>Accepts nothing more; what has gathered is still committed.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopping = true;
            submissions.Close();
            Monitor.Pulse(gate);
        }
    }

    public void Dispose()
    {
        Stop();
        if (thread.IsAlive)
            thread.Join();
        claim?.Complete([]);
        alarm.Dispose();
        session?.Dispose();
    }

    private void Loop()
    {
        StandBy();
        var commands = new List<PendingOperation>();
        while (true)
        {
            PendingClaim? request;
            bool woken;
            lock (gate)
            {
                while (!HasGathered && !turnRequested && !stopping)
                    WaitForWork();

                if (stopping && !HasGathered)
                    break;
                (commands, gathering) = (gathering, commands);
                (request, claim) = (claim, null);
                (woken, turnRequested) = (turnRequested, false);
            }

            submissions.MoveTo(commands);
            TakeTurn(commands, request, woken);
            commands.Clear();
        }

        WriteLastTime();
        over.SetResult();
    }

    /// <summary>Waits until no other node runs the ledger.</summary>
    private void StandBy()
    {
        while (standsBy)
        {
            lock (gate)
            {
                if (stopping)
                    return;
                Monitor.Wait(gate, TakeOverInterval);
            }

            try
            {
                session = OpenSession();
                if (session is not null)
                    Enter(session);
            }
            catch (Exception error)
            {
                if (Trouble != error.Message)
                    LogNotTakenOver(logger, error);
                Trouble = error.Message;
            }
        }
    }

    private void Enter(LedgerSession opened)
    {
        former = opened.Memory;
        Catalog = opened.Memory.Snapshot();
        (standsBy, Trouble) = (false, null);
    }

    /// <summary>Waits until something comes, the alarm is due, or the machine's clock is to be compared. Holds the lock.</summary>
    private void WaitForWork()
    {
        var untilAlarm = WaitsForAlarm ? new TimeSpan(Math.Max(alarmAt - Clock.Now, 0)) : TimeSpan.MaxValue;
        if (untilAlarm < WallClockCheckInterval)
            turnRequested |= !Monitor.Wait(gate, (int)Math.Ceiling(untilAlarm.TotalMilliseconds));
        else if (!Monitor.Wait(gate, WallClockCheckInterval))
            turnRequested |= CheckWallClock(); // a request may come while the wait ends
    }

    /// <param name="commands">The commands and questions that have gathered.</param>
    /// <param name="request">The pending claim, if there is one.</param>
    /// <param name="woken">True when something may be due: then a turn commits even if it has only questions.</param>
    private void TakeTurn(List<PendingOperation> commands, PendingClaim? request, bool woken)
    {
        try
        {
            if (request is null && !woken && commands.TrueForAll(command => !command.NeedsCommit))
                Answer(commands);
            else
                Commit(commands, request);
        }
        catch (Exception error)
        {
            Abandon(error);
            KeepPending(request);
            if (error is StorageUnavailableException || database.IsOfStorage(error))
                Refuse(commands, error as StorageUnavailableException ?? new StorageUnavailableException(error.Message, error));
            else if (request is not null)
                TakeTurn(commands, request: null, woken: false); // the claims may have caused the failure
            else if (commands.Count < 2)
                commands.ForEach(command => command.Fail(error));
            else
                RunHalves(commands);
        }
    }

    /// <summary>Needs no commit: works also while nothing can be written.</summary>
    private void Answer(List<PendingOperation> questions)
    {
        var turn = Open().Ask(Clock.Now);
        turn.Events = EventsToCollect();
        TurnRun.Answer(turn, questions);
        PublishEvents(turn);
        questions.ForEach(question => question.Complete());
    }

    private void Commit(List<PendingOperation> commands, PendingClaim? request)
    {
        if (database.Damage is { } damage)
            throw new StorageUnavailableException(damage);
        var open = Open();
        NoteAlarm();
        var turn = open.Begin(Clock.Now);
        turn.Events = EventsToCollect();
        OfferClock(turn);
        var claims = turns.Run(turn, commands, request);
        if (Trouble is not null)
            turn.Changes.Add(new DefinitionChange.Probed(turn.Now));
        open.Commit(turn);
        AfterCommit(open, turn, commands, request, claims);
    }

    /// <summary>Publishes what is durable now, and decides when the next turn begins.</summary>
    private void AfterCommit(LedgerSession open, Turn turn, List<PendingOperation> commands, PendingClaim? request, Claims claims)
    {
        Trouble = null;
        NoteClock(turn);
        if (claims.Count > 0)
            turns.NoteClaimed();
        if (turn.CatalogChanged)
            Catalog = turn.Memory.Snapshot();
        if (turn.GoesOn)
            RequestTurn();
        turn.BackedOff.ForEach(queue => LogBackedOff(logger, queue.Queue, queue.Wait.TotalSeconds));
        Publish(turn);
        // A changed queue may have a different semaphore: a claim with an older offer is completed, so that its node offers again.
        var isAnswered = claims.Count > 0 || request?.Newest.CatalogRevision < Catalog.Revision;
        var claimed = isAnswered ? HandOut(open, turn, claims) : [];
        Completions.Run(commands, isAnswered ? () => request!.Complete(claimed) : null);
        if (!isAnswered)
            KeepPending(request);
        SetAlarm(turn.Memory);
    }

    /// <summary>Committed claims are handed out in any case: otherwise their jobs would run for ever.</summary>
    private List<ClaimedJob> HandOut(LedgerSession open, Turn turn, Claims claims)
    {
        try
        {
            return open.HandOut(turn, claims);
        }
        catch (Exception error)
        {
            Abandon(error);
            return claims.HandOutUnread();
        }
    }

    /// <summary>The loop's own wait is exact to a millisecond and wakes no other thread. A timer fires on a tick of the kernel, 4 ms at 250 Hz, and wakes two; only a clock that tests set by hand needs one.</summary>
    private bool WaitsForAlarm => time == TimeProvider.System;

    private bool HasGathered => gathering.Count > 0 || !submissions.IsEmpty;

    /// <summary>A turn that the alarm has started shows how late alarms are.</summary>
    private void NoteAlarm()
    {
        if (alarmAt <= Clock.Now)
            turns.NoteAlarm(Clock.Now - alarmAt);
        alarmAt = LedgerMemory.Never;
    }

    private LedgerSession Open()
    {
        if (session is not null && database.IsLapsed)
        {
            session.Dispose();
            session = null;
        }

        session ??= OpenSession() ?? throw new StorageUnavailableException(Elsewhere);
        former = session.Memory;
        return session;
    }

    private LedgerSession? OpenSession() => database.Open(Read, lanes => _ = RunAsync(lanes), RequestTurn);

    private LedgerSession Read(ILedgerRows rows, StoreOpening? opening)
    {
        if (opening is null)
            return LedgerSession.Open(rows, leases!, Clock.Now, former, logger);
        ids.StartAfter(opening.LastStamp);
        leases = new LeaseSource(opening.Number);
        Clock = opening.Clock;
        return LedgerSession.Open(rows, leases, Clock.Now, former: null, logger, turn => RecordTime(turn, opening.Jumped));
    }

    /// <summary>The pending claim stays for the next turn, unless it was withdrawn while this one ran.</summary>
    private void KeepPending(PendingClaim? request)
    {
        if (request is null)
            return;
        lock (gate)
        {
            if (!request.Withdrawn)
            {
                claim = request;
                return;
            }
        }

        Completions.Run([], () => request.Complete([]));
    }

    private void SetAlarm(LedgerMemory memory)
    {
        var next = memory.NextTurnAt(Clock.Now, time.GetUtcNow().UtcTicks, isClaiming: claim is not null);
        if (next == LedgerMemory.Never)
            return;

        var wait = new TimeSpan(next - Clock.Now);
        if (wait <= TimeSpan.Zero)
            RequestTurn();
        else if (WaitsForAlarm)
            alarmAt = next;
        else
            (alarmAt, _) = (next, alarm.Change(wait < MaxAlarm ? wait : MaxAlarm, Timeout.InfiniteTimeSpan));
    }

    private static readonly TimeSpan MaxAlarm = TimeSpan.FromDays(1);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be taken over")]
    private static partial void LogNotTakenOver(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs of queue {Queue} are claimed but repeatedly cannot start: the next is tried in {Seconds} s")]
    private static partial void LogBackedOff(ILogger logger, string queue, double seconds);
}
