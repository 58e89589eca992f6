using System.Collections.Frozen;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Limits;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Storage;

/// <summary>Calls go on when a turn is rolled back: what they hold is what the rows say, and the turn's commands come again.</summary>
public sealed class RolledBackTurnTests : IDisposable
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-turns-").FullName;
    private readonly SqliteDatabase database;
    private readonly LeaseSource leases = new(1);
    private readonly List<LateStart> late = [];
    private readonly PendingClaim pending = new(NoRequest);
    private readonly TurnRun turns;
    private LedgerSession session;
    private long now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).UtcTicks;
    private long lastStamp;

    public RolledBackTurnTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder, "jobs.db"));
        turns = new TurnRun(() => now);
        session = LedgerSession.Open(new SqliteRows(database.Connect()), leases, now, former: null, NullLogger.Instance);
        lastStamp = new DateTimeOffset(now, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
    }

    public void Dispose()
    {
        session.Dispose();
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Each_of_two_calls_with_one_slot_counts_from_its_own_late_start()
    {
        PutLimit(new WindowDefinition { Permits = 2, PeriodSeconds = 1 });
        var (first, second) = Add(1, 1) is [var one, var other] ? (one, other) : default;
        Assert.Equal(first.Slot, second.Slot);
        var slot = first.Slot!.Value.At.UtcTicks;

        now = slot + (50 * Millisecond);
        StartLate(first);
        Run();
        RollBack();
        now = slot + (100 * Millisecond);
        StartLate(second);
        Run();

        var freeAfterFirst = State.EarliestAt(now, weight: 1);
        Assert.Equal(50 * Millisecond, State.EarliestAt(now, weight: 2) - freeAfterFirst);
    }

    [Fact]
    public void A_new_memory_asks_for_the_jobs_of_lanes_in_its_first_turn_and_claims_them_in_the_next_which_follows_at_once()
    {
        PutLimit(new ConcurrencyDefinition { Permits = 2 });
        var turn = session.Begin(now);
        turns.Run(turn, [Ask(NewJobs(1, 1, 1))], claim: null);
        session.Commit(turn);
        RollBack();

        Assert.Empty(Run());
        Assert.True(session.Memory.NextTurnAt(now, now, isClaiming: true) <= now);
        Assert.Equal(2, Run().Count);
    }

    [Fact]
    public void A_late_start_that_the_turn_had_heard_of_counts()
    {
        PutLimit(new WindowDefinition { Permits = 1, PeriodSeconds = 1 });
        var job = Assert.Single(Add(1));
        var earliest = State.EarliestAt(now, weight: 1);

        now = job.Slot!.Value.At.UtcTicks + (50 * Millisecond);
        StartLate(job);
        RollBack();
        Assert.Equal(earliest + (50 * Millisecond), State.EarliestAt(now, weight: 1));
        RollBack();
        Assert.Equal(earliest + (50 * Millisecond), State.EarliestAt(now, weight: 1));
    }

    [Theory]
    [InlineData(30)] // nobody has told of it before
    [InlineData(null)] // its window bears the start
    public void What_a_call_is_to_count_as_comes_with_the_end_of_its_attempt(int? late)
    {
        PutLimit(new RateDefinition { Permits = 10 });
        var job = Assert.Single(Add(1));
        var slot = job.Slot!.Value.At;
        var free = State.EarliestAt(now, weight: 1);
        var end = Answered(job, after: 40) with { CountsAt = late is { } by ? slot.AddMilliseconds(by) : null };
        now = end.EndedAt.UtcTicks;

        Run(new PendingCommand<int>(new FinishAttempts([end])));
        Assert.Equal(free + ((late ?? 0) * Millisecond), State.EarliestAt(now, weight: 1));

        // The rows say so too.
        RollBack();
        Assert.Equal(free + ((late ?? 0) * Millisecond), State.EarliestAt(now, weight: 1));
    }

    [Fact]
    public void A_call_of_a_window_that_took_unusually_long_counts_from_where_it_may_have_been_counted()
    {
        PutLimit(new WindowDefinition { Permits = 1 });
        var job = Assert.Single(Add(1));
        var slot = job.Slot!.Value.At;
        now = slot.UtcTicks + (2 * Millisecond);
        Run(new PendingCommand<int>(new FinishAttempts([Answered(job, after: 2)])));
        now = State.EarliestAt(now, weight: 1) - Millisecond;
        var next = Assert.Single(Add(1));
        var free = State.EarliestAt(now, weight: 1);
        now = next.Slot!.Value.At.UtcTicks + (60 * Millisecond);

        Run(new PendingCommand<int>(new FinishAttempts([Answered(next, after: 40)])));
        Assert.Equal(next.Slot.Value.At.AddMilliseconds(40).AddSeconds(1).UtcTicks, State.EarliestAt(now, weight: 1));
        Assert.True(State.EarliestAt(now, weight: 1) > free);
        RollBack();
        Assert.Equal(next.Slot.Value.At.AddMilliseconds(40).AddSeconds(1).UtcTicks, State.EarliestAt(now, weight: 1));
    }

    [Fact]
    public async Task A_slot_that_is_given_up_comes_back_when_its_end_is_written()
    {
        PutLimit(new WindowDefinition { Permits = 3, PeriodSeconds = 1 });
        var job = Assert.Single(Add(3));
        var end = new AttemptEnd(job.Id, job.Lease, StartedAt: null, new DateTimeOffset(now, TimeSpan.Zero), new JobOutcome.Cancelled(CancelReason.Request));

        var finish = new PendingCommand<int>(new FinishAttempts([end]));
        RollBack(finish);
        Assert.Equal(3, State.Taken(now));
        Run(finish);
        Assert.Equal(1, await finish.Completion);
        Assert.Equal(0, State.Taken(now));
    }

    [Fact]
    public void A_call_that_was_to_be_counted_anew_holds_what_it_held()
    {
        PutLimit(new ConcurrencyDefinition { Permits = 3 });
        Assert.Single(Add(3));

        RollBack(Ask(new PutLimit("api", new ConcurrencyDefinition { Permits = 3, Counts = LimitDefinition.Calls }, Expected: null)));
        Assert.Equal(3, State.Taken(now));
        Assert.Empty(Add(1));
        PutLimit(new ConcurrencyDefinition { Permits = 3, Counts = LimitDefinition.Calls });
        Assert.Equal(2, State.Taken(now)); // it, and the one that may go now
    }

    [Fact]
    public void A_call_whose_limit_was_to_begin_anew_holds_what_it_held()
    {
        PutLimit(new ConcurrencyDefinition { Permits = 1 });
        Assert.Single(Add(1));

        RollBack(Ask(new PutLimit("api", new WindowDefinition { Permits = 1, PeriodSeconds = 1 }, Expected: null)));
        Assert.Equal(1, State.Taken(now));
        Assert.Empty(Add(1));
    }

    [Fact]
    public void A_call_whose_limit_was_to_be_deleted_holds_what_it_held()
    {
        PutLimit(new ConcurrencyDefinition { Permits = 1 });
        Assert.Single(Add(1));

        RollBack(Ask(new PutQueue("q", new QueueDefinition(), Expected: null)), Ask(new DeleteLimit("api", Expected: null)));
        Assert.Equal(1, State.Taken(now));
        Assert.Empty(Add(1));
    }

    [Fact]
    public void A_call_that_was_to_cost_less_moves_as_a_whole_until_it_does()
    {
        PutLimit(new WindowDefinition { Permits = 3, PeriodSeconds = 1 });
        var job = Assert.Single(Add(3));
        var feedback = new CallFeedback { TrueWeights = new Dictionary<string, int> { ["api"] = 1 } };
        var before = State.EarliestAt(now, weight: 1);

        RollBack(Ask(new ReleaseCall(job.Lease, job.HoldsLimits, feedback)));
        now += 50 * Millisecond;
        StartLate(job, by: 50 * Millisecond);
        Run();
        Assert.Equal(before + (50 * Millisecond), State.EarliestAt(now, weight: 1));
        Run(Ask(new ReleaseCall(job.Lease, job.HoldsLimits, feedback)));
        Assert.Equal(1, State.Taken(now));
    }

    [Fact]
    public void A_refusal_concerns_the_limit_also_when_that_has_begun_anew_since()
    {
        PutLimit(new WindowDefinition { Permits = 3, PeriodSeconds = 1 });
        var job = Assert.Single(Add(3));
        PutLimit(new ConcurrencyDefinition { Permits = 1 });
        RollBack();
        Assert.Equal(0, State.Taken(now));

        var until = new DateTimeOffset(now + TimeSpan.TicksPerSecond, TimeSpan.Zero);
        Run(Ask(new ReleaseCall(job.Lease, job.HoldsLimits, new CallFeedback { Refused = true, NotBefore = until })));
        Assert.Equal(until.UtcTicks, State.EarliestAt(now, weight: 1));
    }

    [Fact]
    public void The_end_of_a_call_says_nothing_about_a_limit_that_has_come_under_the_name_of_its_own()
    {
        PutLimit(new RateDefinition { Permits = 1, PeriodSeconds = 10 });
        var job = Assert.Single(Add(1));
        Run(Ask(new PutQueue("q", new QueueDefinition(), Expected: null)), Ask(new DeleteLimit("api", Expected: null)));
        PutLimit(new RateDefinition { Permits = 1, PeriodSeconds = 10 });

        now = job.Slot!.Value.At.UtcTicks + (50 * Millisecond);
        StartLate(job);
        Run();
        RollBack(); // what is believed is what the rows say
        Assert.Equal(now, State.EarliestAt(now, weight: 1));
    }

    [Fact]
    public void A_job_that_was_claimed_by_a_turn_whose_commit_got_no_answer_is_queued_again_without_an_attempt()
    {
        Run(Ask(new PutQueue("q", new QueueDefinition(), Expected: null)));
        var rows = new UnansweredRows(new SqliteRows(database.Connect()));
        var former = session.Memory;
        session.Dispose();
        session = LedgerSession.Open(rows, leases, now, former, NullLogger.Instance);
        rows.IsLost = true;
        var turn = session.Begin(now);
        Assert.Equal(1, turns.Run(turn, [Ask(NewJobs(1))], Pending()).Count);
        Assert.Throws<IOException>(() => session.Commit(turn));

        former = session.Memory;
        session.Dispose();
        session = LedgerSession.Open(new SqliteRows(database.Connect()), leases, now, former, NullLogger.Instance);

        Assert.Equal(0, session.Memory.FindQueue("q")!.Counts[(int)JobState.Running]);
        var again = Assert.Single([.. Run(), .. Run()]);
        Assert.Equal((1, 0), (again.Attempt, again.Failures));
    }

    private static AttemptEnd Answered(ClaimedJob job, int after) =>
        new(job.Id, job.Lease, job.Slot!.Value.At, job.Slot.Value.At.AddMilliseconds(after), new JobOutcome.Succeeded(new JobResult(200, ContentType: null, "{}"u8.ToArray(), 2)));

    private LimitState State => session.Memory.Planner.StateOf("api", "").State;

    private static ClaimRequest NoRequest => new(0, 0, new Dictionary<string, Permits> { ["q"] = new(1_000) }, StartsMade.None);

    /// <summary>What is told once is not told again: a node that dies tells nothing.</summary>
    private PendingClaim Pending()
    {
        pending.Newest = NoRequest with { Number = pending.Newest.Number + 1, Starts = new StartsMade([.. late]) };
        late.Clear();
        return pending;
    }

    private void StartLate(ClaimedJob job, long? by = null) =>
        late.Add(new LateStart(job.Lease, by is { } ticks ? job.Slot!.Value.At.AddTicks(ticks) : new DateTimeOffset(now, TimeSpan.Zero)));

    private void PutLimit(LimitDefinition limit) => Run(Ask(new PutLimit("api", limit, Expected: null)), Ask(new PutQueue("q", new QueueDefinition { Limits = ["api"] }, Expected: null)));

    private List<ClaimedJob> Add(params int[] weights) =>
        Run(Ask(NewJobs(weights)));

    private AddJobs NewJobs(params int[] weights) =>
        new([.. weights.Select(weight => new NewRow(new NewJob { Id = JobId.FromParts(++lastStamp, 0), Queue = "q", Weight = weight, Payload = "1"u8.ToArray() }))], FrozenSet<JobId>.Empty);

    private static PendingCommand<T> Ask<T>(Command<T> command) => new(command);

    private List<ClaimedJob> Run(params PendingOperation[] commands)
    {
        var turn = session.Begin(now);
        var claims = turns.Run(turn, [.. commands], Pending());
        session.Commit(turn);
        Array.ForEach(commands, command => command.Complete());
        return session.HandOut(turn, claims);
    }

    private void RollBack(params PendingOperation[] commands)
    {
        turns.Run(session.Begin(now), [.. commands], Pending());
        var former = session.Memory;
        session.Dispose();
        session = LedgerSession.Open(new SqliteRows(database.Connect()), leases, now, former, NullLogger.Instance);
    }

    /// <summary>A connection that breaks off after a commit was sent.</summary>
    private sealed class UnansweredRows(ILedgerRows rows) : ILedgerRows
    {
        public bool IsLost { get; set; }

        public IJobRows Jobs => rows.Jobs;

        public IParkedRows Parked => rows.Parked;

        public IDefinitionRows Definitions => rows.Definitions;

        public IBatchRows Batches => rows.Batches;

        public IDeliveryRows Deliveries => rows.Deliveries;

        public void Begin() => rows.Begin();

        public void Commit()
        {
            rows.Commit();
            if (IsLost)
                throw new IOException("The connection is lost.");
        }

        public Fetched Fetch(Wanted wanted) => rows.Fetch(wanted);

        public Written Write(IReadOnlyList<Change> changes) => rows.Write(changes);

        public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps) => rows.Inputs(stamps);

        public void Dispose() => rows.Dispose();
    }
}
