using System.Diagnostics;
using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage.Sqlite;

/// <summary>The one writer: a thread of its own that commits, turn by turn, all commands that have gathered and as many submitted jobs as a turn may take, the next claims last.</summary>
/// <remarks>
/// A turn starts as soon as there is something to do: an idle job waits for no timer and no batch to fill. While it commits, the next one gathers.
/// </remarks>
internal sealed partial class SqliteWriter : IDisposable
{
    private readonly object gate = new();
    private readonly SqliteDatabase database;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly LeaseSource leases;
    private readonly TurnRun turns;
    private readonly ITimer alarm;
    private readonly Thread thread;
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private List<PendingOperation> gathering = [];
    private PendingClaim? claim;
    private PendingClaim? latestClaim;
    private bool turnRequested = true;
    private bool stopping;

    private LedgerSession? session;
    private LedgerMemory? former;
    private LaneCounting? counting;
    private Catalog catalog = Catalog.Empty;
    private string? trouble;
    private long alarmAt = LedgerMemory.Never;

    public SqliteWriter(SqliteDatabase database, StoreOpening opening, SubmissionBounds bounds, TimeProvider time, ILogger logger)
    {
        this.database = database;
        this.time = time;
        this.logger = logger;
        submissions = new SubmissionQueue(bounds);
        leases = new LeaseSource(opening.Number);
        Clock = opening.Clock;
        Steps = new StepWatch(time);
        turns = new TurnRun(() => Clock.Now);
        session = OpenSession(turn => TakeUpTime(turn, opening.Jumped));
        former = session.Memory;
        Catalog = session.Memory.Snapshot();
        alarm = time.CreateTimer(static state => ((SqliteWriter)state!).RequestTurn(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        thread = new Thread(Loop) { IsBackground = true, Name = "sqlite writer" };
    }

    public StoreClock Clock { get; }

    public Catalog Catalog
    {
        get => Volatile.Read(ref catalog);
        private set => Volatile.Write(ref catalog, value);
    }

    /// <summary>What the database said when it last could not be written; null since a write has succeeded.</summary>
    public string? Trouble
    {
        get => database.Damage ?? Volatile.Read(ref trouble);
        private set => Volatile.Write(ref trouble, value);
    }

    /// <summary>Starts the loop.</summary>
    /// <returns>Ends with it: when it was told to stop and all that has gathered is committed.</returns>
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
        counting?.Dispose();
        alarm.Dispose();
        session?.Dispose();
    }

    private void Loop()
    {
        var commands = new List<PendingOperation>();
        while (true)
        {
            PendingClaim? request;
            bool woken;
            lock (gate)
            {
                while (!HasGathered && !turnRequested && !stopping)
                {
                    if (!Monitor.Wait(gate, LookEvery))
                        turnRequested |= LookAtTheWall(); // a request may come while the wait ends
                }

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

        LeaveTime();
        over.SetResult();
    }

    /// <param name="commands">What is asked for.</param>
    /// <param name="request">The pending claim, if there is one.</param>
    /// <param name="woken">True when something may be due; then even a turn of questions only must commit.</param>
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
            if (error is StorageUnavailableException || IsOfStorage(error))
                Refuse(commands, error as StorageUnavailableException ?? new StorageUnavailableException(error.Message, error));
            else if (request is not null)
                TakeTurn(commands, request: null, woken: false); // what is to be claimed may be what broke it
            else if (commands.Count < 2)
                commands.ForEach(command => command.Fail(error));
            else
                TakeHalves(commands);
        }
    }

    /// <summary>Answered also while nothing can be written.</summary>
    private void Answer(List<PendingOperation> questions)
    {
        var look = Open().Ask(Clock.Now);
        look.Events = EventsToCollect();
        TurnRun.Answer(look, questions);
        TellWatchers(look);
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
        var claimed = turns.Run(turn, commands, request);
        if (Trouble is not null)
            turn.Changes.Add(new DefinitionChange.Probed(turn.Now));
        open.Commit(turn);

        Trouble = null;
        NoteClock(turn);
        if (claimed.Count > 0)
            turns.NoteClaimed();

        if (turn.CatalogChanged)
            Catalog = open.Memory.Snapshot();

        if (turn.GoesOn)
            RequestTurn();
        turn.BackedOff.ForEach(queue => LogBackedOff(logger, queue.Queue, queue.Wait.TotalSeconds));
        Tell(turn);
        Completions.Run(commands);
        // Semaphores may be wider now, or new: what was offered before is to be offered anew.
        if (claimed.Count > 0 || request?.Newest.CatalogRevision < Catalog.Revision)
            request!.Complete(claimed);
        else
            KeepPending(request);
        SetAlarm(open.Memory);
    }

    private bool HasGathered => gathering.Count > 0 || !submissions.IsEmpty;

    /// <summary>When the alarm is what has called this turn, it tells how late alarms come.</summary>
    private void NoteAlarm()
    {
        if (alarmAt <= Clock.Now)
            turns.NoteAlarm(Clock.Now - alarmAt);
        alarmAt = LedgerMemory.Never;
    }

    private LedgerSession Open()
    {
        session ??= OpenSession();
        former = session.Memory;
        return session;
    }

    /// <param name="first">Done before anything is read.</param>
    private LedgerSession OpenSession(Action<Turn>? first = null)
    {
        counting?.Dispose();
        counting = new LaneCounting(database, logger);
        try
        {
            var opened = LedgerSession.Open(new SqliteRows(database.Connect()), leases, Clock.Now, former, logger, first);
            counting.Start(opened.Memory, lanes => _ = RunAsync(lanes));
            return opened;
        }
        catch
        {
            counting.Dispose();
            throw;
        }
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

        request.Complete([]);
    }

    private void SetAlarm(LedgerMemory memory)
    {
        var next = memory.NextTurnAt(Clock.Now, time.GetUtcNow().UtcTicks, isClaiming: claim is not null);
        if (next == LedgerMemory.Never)
            return;

        var wait = new TimeSpan(next - Clock.Now);
        if (wait <= TimeSpan.Zero)
            RequestTurn();
        else
            (alarmAt, _) = (next, alarm.Change(wait < MaxAlarm ? wait : MaxAlarm, Timeout.InfiniteTimeSpan));
    }

    private static readonly TimeSpan MaxAlarm = TimeSpan.FromDays(1);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs of queue {Queue} are claimed but repeatedly cannot start: the next is tried in {Seconds} s")]
    private static partial void LogBackedOff(ILogger logger, string queue, double seconds);
}
