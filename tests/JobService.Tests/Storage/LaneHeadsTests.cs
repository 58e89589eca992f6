using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Tests.Storage;

/// <summary>What is held of lanes is what the rows say, whatever comes and goes: asked beside the rows themselves.</summary>
public sealed class LaneHeadsTests : IDisposable
{
    /// <summary>SQLITE_STMTSTATUS_RUN (https://sqlite.org/c3ref/c_stmtstatus_counter.html).</summary>
    private const int Runs = 6;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-heads-");
    private readonly SqliteDatabase database;
    private readonly SqliteConnection connection;
    private readonly JobRows rows;
    private readonly JobWrites writes;
    private long lastStamp;
    private long lastLease;

    public LaneHeadsTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        connection = database.Connect();
        connection.Handle!.enable_sqlite3_next_stmt(true);
        rows = new JobRows(connection.Handle!);
        writes = new JobWrites(connection.Handle!);
        using var begin = new SqliteStatement(connection.Handle!, "BEGIN IMMEDIATE");
        begin.Run();
    }

    public void Dispose()
    {
        rows.Dispose();
        writes.Dispose();
        connection.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_held_is_what_the_rows_say(int seed)
    {
        var random = new Random(seed);
        var maxBytes = random.Next(3_000, 60_000);
        var heads = new LaneHeads(maxBytes);
        var queued = new List<QueuedRow>();
        var aside = new List<QueuedRow>();
        var running = new List<(QueuedRow Job, long Lease)>();
        for (var step = 0; step < 3_000; step++)
        {
            switch (random.Next(random.Next(2) == 0 ? 5 : 13)) // now and then more come than go
            {
                case <= 2:
                    queued.Add(Insert(heads, $"key {random.Next(4)}", priority: random.Next(3)));
                    break;
                case 3 when running.Count > 0:
                    queued.Add(Requeue(heads, Take(running, random)));
                    break;
                case 4 when aside.Count > 0:
                    queued.Add(Take(aside, random));
                    Assert.Equal(1, writes.Write(new JobChange.Placed(queued[^1].Stamp, Parked.InLane)));
                    heads.Enter(queued[^1], isAlone: IsAlone(queued[^1]));
                    break;
                case 5 or 6 when queued.Count > 0:
                    var gone = Take(queued, random);
                    Assert.Equal(1, writes.Write(new JobChange.Cancelled(gone.Stamp, Now: 1, CancelReason.Request)));
                    heads.Leave(gone);
                    break;
                case 7 when queued.Count > 0:
                    aside.Add(Take(queued, random));
                    Assert.Equal(1, writes.Write(new JobChange.Placed(aside[^1].Stamp, Parked.InLockQueue)));
                    heads.Leave(aside[^1]);
                    break;
                case 8:
                    heads.Expect((1, $"key {random.Next(5)}"));
                    break;
                case 9:
                    Read(heads);
                    break;
                default:
                    var atMost = random.Next(8) == 0 ? random.Next(1, 200) : random.Next(1, 6);
                    var lane = (1L, $"key {random.Next(5)}");
                    var first = heads.First(lane, atMost);
                    var inRows = Rows(lane, first.Jobs.Count + 1).ToList();
                    Assert.Equal(inRows.Take(first.Jobs.Count), first.Jobs.Select(head => head.ToString()));
                    Assert.True(first.HasMore || inRows.Count == first.Jobs.Count, $"The lane has more than {first.Jobs.Count} jobs.");
                    foreach (var head in first.Jobs.Take(random.Next(first.Jobs.Count + 1)).Cast<QueuedRow>())
                    {
                        running.Add((head, Claim(heads, head)));
                        queued.RemoveAll(job => job.Stamp == head.Stamp);
                    }

                    break;
            }

            Check(heads, maxBytes);
        }
    }

    [Fact]
    public void A_lane_is_read_before_the_claims_that_follow_the_first_ones()
    {
        var heads = new LaneHeads();
        for (var i = 0; i < 200; i++)
            Insert(new LaneHeads(), "", priority: 0);
        Assert.True(heads.First((1, ""), atMost: 1).IsUnknown);
        Read(heads);

        for (var left = 200; left > 0; left--)
        {
            Claim(heads, (QueuedRow)heads.First((1, ""), atMost: 1).Jobs[0]);
            Read(heads);
        }

        // 4 jobs, then each time twice as many up to 64, and once to see that there are no more.
        Assert.Equal(7, LooksAtLanes());
        Assert.Equal((0, false), (heads.First((1, ""), atMost: 1).Jobs.Count, heads.First((1, ""), atMost: 1).HasMore));
    }

    [Fact]
    public void A_lane_that_was_empty_is_never_read()
    {
        var heads = new LaneHeads();
        for (var i = 0; i < 3; i++)
        {
            Insert(heads, "", priority: 0);
            Insert(heads, "", priority: 1);
            foreach (var head in heads.First((1, ""), atMost: 9).Jobs.Cast<QueuedRow>())
                Claim(heads, head);
            Read(heads);
        }

        Assert.Equal(0, LooksAtLanes());
    }

    [Fact]
    public void Claims_that_have_emptied_what_was_cached_find_twice_as_much_the_next_time()
    {
        var heads = new LaneHeads();
        for (var i = 0; i < 400; i++)
            Insert(new LaneHeads(), "", priority: 0);

        List<int> claimed = [];
        for (var turn = 0; turn < 6; turn++)
        {
            claimed.Add(0);
            while (heads.First((1, ""), atMost: 1).Jobs is [QueuedRow head])
            {
                Claim(heads, head);
                claimed[^1]++;
            }

            Read(heads);
        }

        Assert.Equal([0, 4, 10, 22, 46, 94], claimed);
    }

    [Fact]
    public void The_lane_that_was_not_used_longest_is_forgotten()
    {
        var heads = new LaneHeads(maxBytes: 2_000);
        foreach (var key in new[] { "a", "b" })
            Insert(heads, key, priority: 0);
        heads.First((1, "a"), 2);
        Assert.Equal(["b", "a"], heads.Lanes.Select(lane => lane.Key));

        for (var i = 0; i < 4; i++)
            Insert(heads, "a", priority: 0);
        Assert.Equal(["a"], heads.Lanes.Select(lane => lane.Key));
        Assert.True(heads.First((1, "b"), 1).IsUnknown);
    }

    [Fact]
    public void A_lane_that_was_missed_stays_whatever_is_read_with_it()
    {
        var heads = new LaneHeads(maxBytes: 2_000);
        foreach (var key in new[] { "a", "b", "c", "d" })
            Insert(new LaneHeads(), key, priority: 0);
        Assert.True(heads.First((1, "a"), 1).IsUnknown);
        foreach (var key in new[] { "b", "c", "d" })
            heads.Expect((1, key));

        Read(heads);

        Assert.False(heads.First((1, "a"), 1).IsUnknown);
    }

    private QueuedRow Insert(LaneHeads heads, string key, int priority)
    {
        var row = new NewRow(new NewJob
        {
            Id = JobId.FromParts(++lastStamp, lastStamp % 7),
            Queue = "q",
            Key = key,
            Priority = priority,
            Weight = 1 + (int)(lastStamp % 3),
            Weights = lastStamp % 4 == 0 ? new Dictionary<string, int> { ["in"] = 5 } : null,
            Lock = lastStamp % 5 == 0 ? $"lock {lastStamp}" : null,
            Timeout = lastStamp % 6 == 0 ? TimeSpan.FromSeconds(1.5) : null,
            MaxAttempts = lastStamp % 3 == 0 ? 9 : null,
            StartBefore = lastStamp % 7 == 0 ? DateTimeOffset.UnixEpoch : null,
            Callback = lastStamp % 8 == 0 ? new Callback("http://a.example", new HeaderValue.Text("s")) : null,
            Payload = "1"u8.ToArray(),
        });
        var job = QueuedRow.Of(row, queueId: 1);
        var isAlone = IsAlone(job);
        writes.Write(new JobChange.Inserted(row, QueueId: 1, Now: 1, DueAt: null, Parked.InLane));
        heads.Enter(job, isAlone);
        return job;
    }

    private QueuedRow Requeue(LaneHeads heads, (QueuedRow Job, long Lease) running)
    {
        var (job, lease) = running;
        var again = job with { Attempt = job.Attempt + 1, Failures = job.Failures + 1, ThrottledSince = job.ThrottledSince ?? 5 };
        heads.Enter(again, IsAlone(again));
        Assert.Equal(1, writes.Write(new JobChange.Requeued(job.Stamp, lease, StartedAt: 2, Now: 5) { CountFailure = true, Throttle = ThrottleMark.Set, Parked = Parked.InLane }));
        return again;
    }

    /// <summary>Whether no other job is in its lane.</summary>
    private bool IsAlone(QueuedRow job)
    {
        using var others = new SqliteStatement(connection.Handle!, "SELECT count(*) FROM jobs WHERE key = ?1 AND stamp <> ?2 AND state = 0 AND parked IS NULL");
        others.Bind(1, job.Key).Bind(2, job.Stamp).Step();
        return others.Int32(0) == 0;
    }

    private void Read(LaneHeads heads)
    {
        List<LaneLook> looks = [];
        heads.TakeLooks(looks);
        heads.Append(looks, rows.Heads(looks));
    }

    private long Claim(LaneHeads heads, QueuedRow head)
    {
        Assert.Equal(1, writes.Write(new JobChange.Claimed(head.Stamp, ++lastLease, StartedAt: 2)));
        heads.Leave(head);
        return lastLease;
    }

    private IEnumerable<string> Rows((long QueueId, string Key) lane, int atMost) =>
        Assert.Single(rows.Heads([new LaneLook(lane.QueueId, lane.Key, atMost)])).Select(head => head.ToString());

    private void Check(LaneHeads heads, long maxBytes)
    {
        foreach (var lane in heads.Lanes)
        {
            var inRows = Rows((lane.QueueId, lane.Key), lane.Count + 1).ToList();
            Assert.Equal(inRows.Take(lane.Count), lane.First(lane.Count).Select(head => head.ToString()));
            Assert.True(lane.HasMore || inRows.Count == lane.Count, $"{lane.Key} has more than the {lane.Count} that are held.");
        }

        Assert.Equal(heads.Lanes.Sum(lane => lane.MemoryBytes), heads.MemoryBytes);
        Assert.True(heads.MemoryBytes <= maxBytes || heads.Lanes.Count() == 1);
    }

    private int LooksAtLanes()
    {
        for (var statement = raw.sqlite3_next_stmt(connection.Handle, null); statement is not null; statement = raw.sqlite3_next_stmt(connection.Handle, statement))
        {
            if (raw.sqlite3_sql(statement).utf8_to_string() is var sql && sql.Contains("INDEXED BY jobs_ready", StringComparison.Ordinal) && sql.Contains("LIMIT", StringComparison.Ordinal))
                return raw.sqlite3_stmt_status(statement, Runs, 0);
        }

        throw new InvalidOperationException("No statement reads the heads of lanes.");
    }

    private static T Take<T>(List<T> from, Random random)
    {
        var index = random.Next(from.Count);
        var taken = from[index];
        from.RemoveAt(index);
        return taken;
    }
}
