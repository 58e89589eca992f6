using System.Collections.Frozen;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Ledger.Questions;
using JobService.Limits;
using JobService.Storage.Sqlite;
using JobService.Tests.Simulation;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Storage;

/// <summary>Whatever happens between the start and the end of the count of long lanes, each job is counted once: the turns in between are run here, one by one.</summary>
public sealed class LaneCountTests : IDisposable
{
    private const int Long = 60_000;
    private const int Short = 100;
    private const string Limit = "one at a time";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-count-");
    private readonly SqliteDatabase database;
    private readonly LeaseSource leases = new(1);
    private readonly TurnRun turns;
    private readonly List<JobId> shortLane = [];
    private readonly long now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero).UtcTicks;
    private LedgerSession session;
    private LaneCounting counting;
    private long lastStamp;

    public LaneCountTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        turns = new TurnRun(() => now);
        session = LedgerSession.Open(new SqliteRows(database.Connect()), leases, now, former: null, NullLogger.Instance);
        Run(new PutLimit(Limit, new ConcurrencyDefinition { Permits = 1 }, Expected: null));
        Run(new PutQueue("q", new QueueDefinition { Limits = [Limit] }, Expected: null));
        Add("long", Long);
        shortLane.AddRange(Add("short", Short));
        (session, counting) = Reopen();
    }

    public void Dispose()
    {
        counting.Dispose();
        session.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Jobs_that_come_and_go_before_the_count_is_told_are_counted_once()
    {
        Assert.Single(Claim());
        Add("long", 5);
        Run(new CancelJob(shortLane[^1], CancelReason.Request));
        Assert.True(Waiting < Long, "Nothing is left to be counted.");

        Assert.True(Run(await CountAsync()));

        Assert.Equal(Long - 1 + 5 + Short - 1, Waiting);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_counted_lane_whose_jobs_are_all_cancelled()
    {
        Run(await CountAsync());
        Assert.Single(Claim());

        Run(new CancelJobs(shortLane, CancelReason.Request));

        Assert.Equal(Long - 1, Waiting);
    }

    [Fact]
    public async Task The_count_for_a_memory_that_was_thrown_away_is_not_added_to_the_next()
    {
        var late = await CountAsync();
        (session, counting) = Reopen();

        Assert.Single(Claim());
        Assert.False(Run(late));
        Assert.True(Run(await CountAsync()));

        Assert.Equal(Long + Short - 1, Waiting);
    }

    [Fact]
    public async Task A_count_ends_when_the_store_closes()
    {
        const int Parts = 200;
        var memory = new LedgerMemory();
        memory.Uncounted.AddRange(Enumerable.Repeat(new LaneFound(QueueId: 1, "short", Jobs: 0, IsCounted: false), Parts * 1_000));
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = 0;
        counting.Start(memory, _ =>
        {
            told++;
            first.TrySetResult();
        });
        await first.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

        counting.Dispose();

        Assert.True(told < Parts, "It went on to its end.");
    }

    private long Waiting => new LimitStanding(Limit, Key: null).Answer(session.Memory, now)!.Waiting;

    private (LedgerSession Session, LaneCounting Counting) Reopen()
    {
        var former = session.Memory;
        session.Dispose();
        counting?.Dispose();
        var next = new LaneCounting(database, NullLogger.Instance); // as the writer does it: before the memory is read
        return (LedgerSession.Open(new SqliteRows(database.Connect()), leases, now, former, NullLogger.Instance), next);
    }

    private async Task<CountLanes> CountAsync()
    {
        var told = new TaskCompletionSource<CountLanes>(TaskCreationOptions.RunContinuationsAsynchronously);
        counting.Start(session.Memory, told.SetResult);
        return await told.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
    }

    private List<JobId> Add(string key, int jobs)
    {
        var rows = Enumerable.Range(0, jobs).Select(_ => new NewRow(new NewJob { Id = JobId.FromParts(++lastStamp, 0), Queue = "q", Key = key, Payload = "1"u8.ToArray() })).ToList();
        Run(new AddJobs(rows, FrozenSet<JobId>.Empty));
        return rows.ConvertAll(row => row.Job.Id);
    }

    /// <summary>The first turn may only fetch the first jobs of the lanes.</summary>
    private List<ClaimedJob> Claim()
    {
        var claim = new PendingClaim(new ClaimRequest(0, 0, new Dictionary<string, Permits> { ["q"] = new(10) }, StartsMade.None));
        return Commit([], claim) is { Count: > 0 } claimed ? claimed : Commit([], claim);
    }

    private T Run<T>(Command<T> command)
    {
        var operation = new Recorded<T>(command);
        Commit([operation], claim: null);
        return (T)operation.Result!;
    }

    private List<ClaimedJob> Commit(List<PendingOperation> operations, PendingClaim? claim)
    {
        var turn = session.Begin(now);
        var claims = turns.Run(turn, operations, claim);
        session.Commit(turn);
        return session.HandOut(turn, claims);
    }
}
