using CsCheck;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Storage;

/// <summary>Whatever happens to the clocks, and however the service goes down in between.</summary>
public sealed partial class StoreTimeTests
{
    private const int InWindow = 2;
    private static readonly TimeSpan window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private static readonly Gen<TimeSpan> steps = Gen.OneOf(Gen.Int[-7_200, -6], Gen.Int[6, 7_200]).Select(seconds => seconds * second);

    private static readonly Gen<Happening> happenings = Gen.Frequency(
        (3, Gen.Int[1, 900].Select(seconds => new Happening(What.Pass, seconds * second))),
        (2, steps.Select(by => new Happening(What.Step, by))),
        (1, steps.Select(by => new Happening(What.StepWhileDown, by))),
        (1, Gen.Int[1, 900].Select(seconds => new Happening(What.Kill, seconds * second))),
        (1, Gen.Int[1, 900].Select(seconds => new Happening(What.RestartMachine, seconds * second))),
        (4, Gen.Int[1, 1_800].Select(seconds => new Happening(What.Submit, seconds * second))));

    private readonly List<(JobId Id, long Since, TimeSpan Delay)> delayed = [];
    private readonly List<(JobId Id, DateTimeOffset Moment, bool IsDeadline)> promised = [];
    private readonly List<long> starts = [];
    private DateTimeOffset highestWall;

    [Fact]
    public Task Durations_and_limits_go_by_elapsed_time_and_moments_by_the_machines_clock() => happenings.Array[5, 40].SampleAsync(
        async history =>
        {
            var test = new StoreTimeTests();
            await test.InitializeAsync();
            try
            {
                await test.LiveAsync(history);
            }
            finally
            {
                await test.DisposeAsync();
            }
        },
        iter: 25, threads: 1);

    private async Task LiveAsync(Happening[] history)
    {
        await driver.PutLimitAsync("window", new WindowDefinition { Permits = InWindow, PeriodSeconds = window.TotalSeconds });
        await driver.PutQueueAsync("windowed", "window");
        await driver.PutQueueAsync("paused", new QueueDefinition());
        await driver.Store.PauseAsync("paused", paused: true);
        await driver.AddManyAsync(200, "windowed");
        var before = Now;
        foreach (var happening in history)
        {
            await HappenAsync(happening);
            Assert.True(Now >= before, "Store time went back.");
            before = Now;
            await LookAsync();
        }
    }

    private async Task HappenAsync(Happening happening)
    {
        switch (happening.What)
        {
            case What.Pass:
                Pass(happening.By);
                break;
            case What.Step:
                time.StepWall(happening.By);
                Pass(minute);
                break;
            case What.StepWhileDown:
                await ReopenAsync(() => time.StepWall(happening.By));
                Pass(minute);
                break;
            case What.Kill:
                // What stands in the file when nothing is written at the end.
                var row = ReadClock();
                await ReopenAsync(() =>
                {
                    WriteClock(row);
                    Pass(happening.By);
                });
                break;
            case What.RestartMachine:
                await ReopenAsync(() =>
                {
                    RestartMachine();
                    Pass(happening.By);
                });
                break;
            case What.Submit:
                await SubmitAsync(happening.By);
                break;
        }
    }

    private async Task SubmitAsync(TimeSpan wait)
    {
        delayed.Add((await driver.AddAsync(driver.NewJob() with { NotBefore = Now + wait, IsDelay = true }), time.GetTimestamp(), wait));
        var moment = time.GetUtcNow() + wait;
        promised.Add((await driver.AddAsync(driver.NewJob() with { NotBefore = moment }), moment, false));
        promised.Add((await driver.AddAsync(driver.NewJob("paused") with { StartBefore = moment }), moment, true));
        highestWall = time.GetUtcNow() > highestWall ? time.GetUtcNow() : highestWall;
    }

    private async Task LookAsync()
    {
        var claimed = new List<ClaimedJob>();
        while (await driver.ClaimNowAsync() is { Count: > 0 } some)
        {
            foreach (var job in some)
            {
                claimed.Add(job);
                await driver.SucceedAsync(job);
            }
        }

        starts.AddRange(claimed.Where(job => job.Queue.Name == "windowed").Select(_ => time.GetTimestamp()));
        for (var i = InWindow; i < starts.Count; i++)
            Assert.True(time.GetElapsedTime(starts[i - InWindow], starts[i]) >= window - second, "The window was paid back.");

        foreach (var (id, since, delay) in delayed.ToList())
        {
            var elapsed = time.GetElapsedTime(since);
            var isOver = claimed.Exists(job => job.Id == id);
            Assert.True(!isOver || elapsed >= delay * 0.9995, $"A delay of {delay} was over after {elapsed}.");
            Assert.True(isOver || elapsed <= (delay * 1.0005) + second, $"A delay of {delay} is not over after {elapsed}.");
            if (isOver)
                delayed.RemoveAll(one => one.Id == id);
        }

        foreach (var (id, moment, isDeadline) in promised.ToList())
        {
            var hasCome = (await driver.GetAsync(id)).State != JobState.Queued;
            Assert.True(!hasCome || highestWall >= moment, $"{(isDeadline ? "startBefore" : "notBefore")} {moment:O} came when the clock had never been beyond {highestWall:O}.");
            Assert.True(hasCome || time.GetUtcNow() < moment + minute, $"{(isDeadline ? "startBefore" : "notBefore")} {moment:O} has not come at {time.GetUtcNow():O}.");
            if (hasCome)
                promised.RemoveAll(one => one.Id == id);
        }
    }

    private void Pass(TimeSpan by)
    {
        time.Advance(by);
        highestWall = time.GetUtcNow() > highestWall ? time.GetUtcNow() : highestWall;
    }

    private (long StoreTime, long WallTime, long Stopwatch) ReadClock()
    {
        using var file = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = "SELECT store_time, wall_time, stopwatch FROM clock";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    private void WriteClock((long StoreTime, long WallTime, long Stopwatch) row)
    {
        using var file = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = "UPDATE clock SET store_time = $store, wall_time = $wall, stopwatch = $stopwatch";
        command.Parameters.AddWithValue("$store", row.StoreTime);
        command.Parameters.AddWithValue("$wall", row.WallTime);
        command.Parameters.AddWithValue("$stopwatch", row.Stopwatch);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private enum What
    {
        Pass,
        Step,
        StepWhileDown,
        Kill,
        RestartMachine,
        Submit,
    }

    private sealed record Happening(What What, TimeSpan By);
}
