using JobService.Ledger;
using JobService.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Simulation;

/// <summary>The store in memory is what the simulation mostly runs over: it does what SQLite does.</summary>
public sealed class MemoryRowsTests
{
    private const int Seeds = 8;
    private const int Turns = 150;

    /// <summary>Reading all rows costs more than a turn.</summary>
    private const int TurnsBetweenLooks = 4;

    [Fact]
    public void Whatever_is_asked_answers_news_and_rows_are_those_of_SQLite()
    {
        var written = new HashSet<Type>();
        for (var seed = 0; seed < Seeds; seed++)
            Compare(seed, written);

        var changes = typeof(Change).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Change)) && !type.IsAbstract);
        Assert.Empty(changes.Except(written).Select(type => type.FullName));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_story_goes_the_same_way_in_memory_as_over_SQLite(int seed)
    {
        var (inMemory, overSqlite) = (new List<string>(), new List<string>());
        var memory = new MemoryDatabase();
        using (var scenario = new Scenario(seed, () => new MemoryRows(memory)) { Trace = inMemory })
            scenario.Run();
        using var folder = new VolatileFolder();
        using var file = SqliteDatabase.Open(folder.DatabaseFile);
        using (var scenario = new Scenario(seed, () => new SqliteRows(file.Connect())) { Trace = overSqlite })
            scenario.Run();

        Assert.NotEmpty(inMemory);
        Assert.Equal(overSqlite, inMemory);
        using var connection = file.Connect();
        Assert.Equal(StoredText.Of(connection), StoredText.Of(memory));
    }

    private static void Compare(int seed, HashSet<Type> written)
    {
        var random = new Random(seed);
        var now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).UtcTicks;
        using var folder = new VolatileFolder();
        using var file = SqliteDatabase.Open(folder.DatabaseFile);
        using var connection = file.Connect();
        var memory = new MemoryDatabase();
        NoteOpening(connection, memory, now);
        using var overSqlite = new StoreSide(() => new SqliteRows(file.Connect()), now);
        using var inMemory = new StoreSide(() => new MemoryRows(memory) { Written = change => written.Add(change.GetType()) }, now);
        var commands = new RandomCommands(random) { Now = now };
        for (var turn = 0; turn < Turns; turn++)
        {
            var drawn = turn == 0 ? commands.First() : commands.Next();
            var wall = now + random.Next(-2, 3) * TimeSpan.TicksPerMillisecond;
            if (turn > 0 && random.Next(20) == 0)
            {
                overSqlite.RollBack([.. drawn.Select(make => make())], wall);
                inMemory.RollBack([.. drawn.Select(make => make())], wall);
            }

            var probes = random.Next(20) == 0;
            var expected = overSqlite.Take([.. drawn.Select(make => make())], probes, wall);
            Assert.Equal(expected, inMemory.Take([.. drawn.Select(make => make())], probes, wall));
            commands.Claimed(inMemory.Claimed);
            if (random.Next(30) == 0)
            {
                var jump = random.Next(2) * TimeSpan.TicksPerMinute;
                now += jump;
                (overSqlite.Now, inMemory.Now) = (now, now);
                overSqlite.Crash(jump);
                inMemory.Crash(jump);
            }

            if (turn % TurnsBetweenLooks == 0)
                Assert.Equal(StoredText.Of(connection), StoredText.Of(memory));
            commands.Deliveries = [.. memory.Deliveries.Rows.Select(delivery => delivery.Row)];
            now += random.Next(40) == 0 ? 11 * TimeSpan.TicksPerMinute : random.Next(60) * TimeSpan.TicksPerMillisecond;
            (overSqlite.Now, inMemory.Now, commands.Now) = (now, now, now);
        }

        Assert.Equal(StoredText.Of(connection), StoredText.Of(memory));
    }

    /// <summary>As the process does it that opens the store.</summary>
    private static void NoteOpening(SqliteConnection connection, MemoryDatabase memory, long now)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO opens (id, opened_at) VALUES (1, {now})";
        command.ExecuteNonQuery();
        memory.Openings.Insert(1, new DefinitionChange.Probed(now));
        memory.Commit();
    }
}
