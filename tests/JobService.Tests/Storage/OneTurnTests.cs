using System.Collections.Frozen;
using System.Text;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Storage;

/// <summary>Commands that meet in one turn, whose rows were fetched before any of them: each sees what the others have made of them, and nothing that came between is lost.</summary>
public sealed class OneTurnTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-turn-").FullName;
    private readonly SqliteDatabase database;
    private readonly LedgerSession session;
    private readonly TurnRun turns;
    private readonly List<JobEnded> ended = [];
    private long now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).UtcTicks;
    private long lastStamp;

    public OneTurnTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder, "jobs.db"));
        turns = new TurnRun(() => now);
        session = LedgerSession.Open(new SqliteRows(database.Connect()), new LeaseSource(1), now, former: null, NullLogger.Instance);
        lastStamp = new DateTimeOffset(now, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
        Run(new PutQueue("q", new QueueDefinition(), Expected: null));
    }

    public void Dispose()
    {
        session.Dispose();
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_job_whose_lane_was_empty_is_claimed_in_the_turn_that_adds_it()
    {
        for (var i = 0; i < 3; i++)
        {
            var job = NewJob() with { Key = "any", Payload = "[1]"u8.ToArray() };
            var claimed = Assert.Single(Claim(Add(job)));
            Assert.Equal((job.Id, "[1]", 0), (claimed.Id, Encoding.UTF8.GetString(claimed.Payload.Span), claimed.UnreadBytes));
        }
    }

    [Fact]
    public void Of_jobs_that_are_claimed_together_each_is_given_what_it_sends()
    {
        var earlier = Enumerable.Range(0, 5).Select(number => NewJob() with { Payload = Encoding.UTF8.GetBytes($"{number}"), Key = $"{number % 2}", Priority = number }).ToArray();
        Run(Add(earlier[0]), Add(earlier[1]));
        Run(Add(earlier[2]), Add(earlier[3]));
        Run(new PutQueue("q", new QueueDefinition { Target = new HttpTarget { BaseAddress = "http://api.example" } }, Expected: null));
        var request = new ApiRequest { Path = "/now", Body = "text"u8.ToArray() };
        var later = NewJob() with { Payload = null, Request = request };

        var claimed = Claim(Add(earlier[4]), Add(later)).ToDictionary(job => job.Id);

        Assert.Equal(6, claimed.Count);
        Assert.All(earlier, job => Assert.Equal(job.Payload!.Value.ToArray(), claimed[job.Id].Payload.ToArray()));
        Assert.Equal((0, "/now", "text"), (claimed[later.Id].Payload.Length, claimed[later.Id].Request!.Read().Path, Encoding.UTF8.GetString(claimed[later.Id].Request!.Read().Body!.Value.Span)));
    }

    [Fact]
    public void A_large_payload_is_left_in_the_store_by_the_turn_that_adds_it_too()
    {
        var job = NewJob() with { Payload = new byte[ClaimedJob.MaxReadBytes + 1] };

        var claimed = Assert.Single(Claim(Add(job)));

        Assert.Equal((0, ClaimedJob.MaxReadBytes + 1), (claimed.Payload.Length, claimed.UnreadBytes));
    }

    [Fact]
    public void A_job_that_is_cancelled_twice_ends_once()
    {
        var job = NewJob();
        Run(Add(job));

        var (first, second) = Run(new CancelJob(job.Id, CancelReason.Request), new CancelJob(job.Id, CancelReason.Purge));

        Assert.Equal((new CancelOutcome.Cancelled(), new CancelOutcome.Cancelled()), (first, second));
        Assert.Equal(job.Id, Assert.Single(ended).Job);
        Assert.Equal(CancelReason.Request, Row(job).CancelReason);
        Assert.Equal(0, session.Memory.FindQueue("q")!.Unfinished);
    }

    [Fact]
    public void A_job_that_is_cancelled_and_retried_stands_in_its_lane()
    {
        var job = NewJob();
        Run(Add(job));

        var (_, retried) = Run(new CancelJob(job.Id, CancelReason.Request), new RetryJob(job.Id));

        Assert.IsType<RetryOutcome.Requeued>(retried);
        Assert.Equal(JobState.Queued, Row(job).State);
        Assert.Equal(job.Id, Assert.Single(Claim()).Id);
    }

    [Fact]
    public void A_job_that_is_cancelled_when_its_moment_has_come_does_not_go()
    {
        var job = NewJob() with { NotBefore = new DateTimeOffset(now, TimeSpan.Zero).AddSeconds(1), IsDelay = true };
        Run(Add(job));

        now += 2 * TimeSpan.TicksPerSecond;
        Run(new CancelJob(job.Id, CancelReason.Request));

        Assert.Equal(JobState.Cancelled, Row(job).State);
        Assert.Empty(Claim());
        Assert.Equal(LedgerMemory.Never, session.Memory.NextDueAt);
    }

    [Fact]
    public void A_job_that_is_added_and_cancelled_is_found()
    {
        var job = NewJob();

        var (_, outcome) = Run(Add(job), new CancelJob(job.Id, CancelReason.Disconnect));

        Assert.IsType<CancelOutcome.Cancelled>(outcome);
        Assert.Equal(JobState.Cancelled, Row(job).State);
    }

    [Fact]
    public void The_same_key_twice_makes_one_job()
    {
        var key = new IdempotencyKey("k", new byte[] { 1 });
        var (job, same, other) = (NewJob() with { Idempotency = key }, NewJob() with { Idempotency = key }, NewJob() with { Idempotency = key with { Fingerprint = new byte[] { 2 } } });

        var (first, second) = Run(Add(job), Add(same, other));

        Assert.IsType<Addition.Accepted>(Assert.Single(first));
        Assert.Equal([new Addition.Replayed(job.Id), new Addition.Mismatched()], second);
    }

    [Fact]
    public void Who_has_begun_to_wait_when_the_signal_is_set_goes_on_however_it_meets()
    {
        var (before, between, behind) = (NewJob() with { Signal = "go" }, NewJob() with { Signal = "go" }, NewJob() with { Signal = "go" });
        Run(Add(before));

        Run(Add(between), new SetSignal("go"));
        Run(new ClearSignal("go"), Add(behind));
        for (var turn = 0; turn < 3; turn++)
            Run(new ClearSignal("none"));

        Assert.Equal([before.Id, between.Id], Claim().Select(job => job.Id));
        Run(new SetSignal("go"), new ClearSignal("go"));
        Run(new ClearSignal("none"));
        Assert.Equal([behind.Id], Claim().Select(job => job.Id));
    }

    [Fact]
    public void When_the_holder_ends_the_first_of_its_line_goes_whoever_has_come_or_gone_in_the_same_turn()
    {
        var (holder, first, second, urgent) = (Locked(), Locked(), Locked(), Locked() with { Priority = 1 });
        Run(Add(holder));
        var running = Assert.Single(Claim());
        Run(Add(first, second));

        Claim(Succeeded(running), new CancelJob(first.Id, CancelReason.Request));
        var next = Claim() is [var one] ? one : throw new InvalidOperationException("Nobody has got the lock.");
        Assert.Equal(second.Id, next.Id);

        var behind = Locked();
        Run(Add(behind));
        Assert.Equal(urgent.Id, Assert.Single(Claim(Succeeded(next), Add(urgent))).Id);
    }

    [Fact]
    public void A_job_that_comes_into_a_batch_just_before_it_is_cancelled_is_told_too()
    {
        var batch = new NewBatch(JobId.FromParts(++lastStamp, 0), "q");
        var (first, second) = (InBatch(batch, 0), InBatch(batch, 1));
        Run(new OpenBatch(batch));
        Run(Add(first));

        Run(Add(second), new CancelBatch(batch.Id, CancelReason.Request));
        Run(new ClearSignal("none"));

        Assert.Equal((JobState.Cancelled, JobState.Cancelled), (Row(first).State, Row(second).State));
        Assert.Empty(session.Memory.StoppingBatches);
    }

    [Fact]
    public void A_queue_that_is_deleted_and_made_anew_keeps_its_jobs()
    {
        var job = NewJob();
        Run(Add(job));
        Run(new CancelJob(job.Id, CancelReason.Request));
        var id = session.Memory.FindQueue("q")!.Id;

        Run(new DeleteQueue("q", Expected: null), new PutQueue("q", new QueueDefinition(), Expected: null));
        Assert.Equal((id, 1), (session.Memory.FindQueue("q")!.Id, session.Memory.FindQueue("q")!.Counts[(int)JobState.Cancelled]));

        Run(new DeleteQueue("q", Expected: null));
        now += TimeSpan.TicksPerDay;
        Run(new PruneJobs(now, AtMost: 10), new PutQueue("q", new QueueDefinition(), Expected: null));
        Assert.Equal((id, 0), (session.Memory.FindQueue("q")!.Id, session.Memory.FindQueue("q")!.Counts[(int)JobState.Cancelled]));
    }

    [Fact]
    public void A_job_that_is_retried_when_it_would_be_deleted_stays()
    {
        var (kept, old) = (NewJob(), NewJob());
        Run(Add(kept, old));
        Run(new CancelJobs([kept.Id, old.Id], CancelReason.Request));

        now += TimeSpan.TicksPerDay;
        var (_, step) = Run(new RetryJob(kept.Id), new PruneJobs(now, AtMost: 10));
        var (_, again) = Run(new PruneJobs(now, AtMost: 10), new PruneJobs(now, AtMost: 10));

        Assert.Equal(JobState.Queued, Row(kept).State);
        Assert.False(step.GoesOn);
        Assert.True(again.GoesOn); // it looks again by itself
        Assert.Equal((1, 0), (session.Memory.FindQueue("q")!.Unfinished, session.Memory.FindQueue("q")!.Counts[(int)JobState.Cancelled]));
    }

    private NewJob NewJob() => new() { Id = JobId.FromParts(++lastStamp, 0), Queue = "q", Weight = 1, Payload = "1"u8.ToArray() };

    private NewJob InBatch(NewBatch batch, int index) => NewJob() with { Batch = new BatchPlace(batch.Id, index) };

    private NewJob Locked() => NewJob() with { Lock = "door" };

    private FinishAttempts Succeeded(ClaimedJob job)
    {
        var at = new DateTimeOffset(now, TimeSpan.Zero);
        return new FinishAttempts([new AttemptEnd(job.Id, job.Lease, at, at, new JobOutcome.Succeeded(new JobResult(200, ContentType: null, "{}"u8.ToArray(), 2)))]);
    }

    private static AddJobs Add(params NewJob[] jobs) => new([.. jobs.Select(job => new NewRow(job))], FrozenSet<JobId>.Empty);

    private JobRow Row(NewJob job)
    {
        var wanted = new Wanted();
        wanted.Jobs.Add(job.Id.Stamp);
        var look = session.Ask(now);
        look.Fetch(wanted);
        return look.Fetched.Job(job.Id.Stamp)!;
    }

    private T Run<T>(Command<T> command) => Result<T>(Turn(new Asked<T>(command))[0]);

    private (T1 First, T2 Second) Run<T1, T2>(Command<T1> first, Command<T2> second)
    {
        var pending = Turn(new Asked<T1>(first), new Asked<T2>(second));
        return (Result<T1>(pending[0]), Result<T2>(pending[1]));
    }

    private List<ClaimedJob> Claim<T>(Command<T> only) => Claim(new Asked<T>(only));

    private List<ClaimedJob> Claim<T1, T2>(Command<T1> first, Command<T2> second) => Claim(new Asked<T1>(first), new Asked<T2>(second));

    private List<ClaimedJob> Claim(params PendingOperation[] commands)
    {
        now += TimeSpan.TicksPerMillisecond;
        var turn = session.Begin(now);
        var claims = turns.Run(turn, [.. commands], new PendingClaim(new ClaimRequest(0, 0, new Dictionary<string, Permits> { ["q"] = new(1_000) }, StartsMade.None)));
        session.Commit(turn);
        return session.HandOut(turn, claims);
    }

    private PendingOperation[] Turn(params PendingOperation[] commands)
    {
        var turn = session.Begin(now);
        turns.Run(turn, [.. commands], claim: null);
        session.Commit(turn);
        ended.AddRange(turn.Ended);
        Array.ForEach(commands, command => command.Complete());
        return commands;
    }

    private static T Result<T>(PendingOperation pending) => ((Asked<T>)pending).Outcome!;

    private sealed class Asked<T>(Command<T> command) : PendingOperation<T>
    {
        public T? Outcome { get; private set; }

        public override bool NeedsCommit => command.ChangesRows;

        public override void Want(Wanted wanted, LedgerMemory memory) => command.Want(wanted, memory);

        protected override T RunIn(Turn turn) => (Outcome = command.Apply(turn))!;
    }
}
