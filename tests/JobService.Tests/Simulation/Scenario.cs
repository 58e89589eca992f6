using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>One story: jobs come, limits change, calls end well or badly, processes die; then calm returns and everything has to come to its end.</summary>
internal sealed partial class Scenario : IDisposable
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const int MaxTurns = 200_000;
    private static readonly TimeSpan LongestDrain = TimeSpan.FromHours(2);

    private readonly Random random;
    private readonly SimulatedService service;
    private readonly PriorityQueue<Action, (long At, long Order)> events = new();
    private readonly List<PendingOperation> gathered = [];
    private readonly Dictionary<JobId, Story> stories = [];
    private readonly Dictionary<string, JobId> lockHolders = [];
    private long eventCount;
    private long lastStamp;
    private int process;
    private readonly long begin;
    private DateTimeOffset turnAt;
    private bool calm;

    public Scenario(int seed, Func<ILedgerRows> connect)
    {
        random = new Random(seed);
        service = new SimulatedService(connect, random);
        begin = service.Now;
        lastStamp = new DateTimeOffset(service.Now, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
    }

    public void Run()
    {
        SetUp();
        var end = PlanTrouble();
        At(end, BecomeCalm);
        var quietSince = 0L;
        while (NextMoment() is var moment && moment < LimitState.Never)
        {
            service.Now = Math.Max(service.Now, moment);
            while (events.TryPeek(out _, out var next) && next.At <= service.Now)
                events.Dequeue()();
            TakeTurn();
            if (calm && quietSince == 0)
                quietSince = service.Now;
            Check.That(service.Turns < MaxTurns, $"It goes round and round: {Unfinished()}.");
            Check.That(!calm || service.Now - quietSince < LongestDrain.Ticks, $"It takes too long: {Unfinished()}.");
        }

        CheckTheEnd();
    }

    public void Dispose() => service.Dispose();

    /// <summary>The story so far, when somebody wants to read it.</summary>
    public List<string>? Trace { get; init; }

    // Formatted only when somebody reads it.
    private void Note(FormattableString what) => Trace?.Add(FormattableString.Invariant($"{(service.Now - begin) / 1e4,12:0.000} {what}"));

    private long NextMoment() => Math.Min(events.TryPeek(out _, out var next) ? next.At : LimitState.Never, service.Alarm);

    private void At(long moment, Action happens) => events.Enqueue(happens, (moment, eventCount++));

    private void After(double milliseconds, Action happens) => At(service.Now + (long)(milliseconds * Millisecond), happens);

    /// <summary>What belongs to a process is void when it has died.</summary>
    private void InThisProcess(double milliseconds, Action happens)
    {
        var mine = process;
        After(milliseconds, () =>
        {
            if (mine == process)
                happens();
        });
    }

    private void Ask<T>(Command<T> command, Action<T>? committed = null) => gathered.Add(new Asked<T>(command, committed));

    private void TakeTurn()
    {
        var commands = gathered.ToList();
        gathered.Clear();
        TakeTurn(commands, breaks: !calm && random.Next(200) == 0);
    }

    private void TakeTurn(List<PendingOperation> commands, bool breaks)
    {
        var claimedAt = service.Now;
        var result = service.Take(commands, breaks);
        if (result is not var (claimed, turn))
        {
            Note($"a turn of {commands.Count} commands is rolled back");
            broken.Clear();
            // Rolled back: each command by itself, as the writer does.
            commands.ForEach(command => TakeTurn([command], breaks: false));
            return;
        }

        turnAt = turn.NowTime;
        commands.ForEach(command => command.Complete());
        foreach (var ended in turn.Ended)
            End(ended.Job, ended.State);
        foreach (var stop in turn.StopRequests)
            running.GetValueOrDefault(stop.Job)?.Stop(stop.Reason);
        foreach (var job in claimed)
            Claimed(job, claimedAt);
    }

    private void End(JobId job, JobState state)
    {
        var story = stories[job];
        Note($"{job} is {state}");
        Check.That(!story.IsOver, $"{job} ended twice: {story.State}, then {state}.");
        (story.State, story.Ends) = (state, story.Ends + 1);
    }

    private void Crash()
    {
        Note($"the process dies");
        process++;
        gathered.Clear(); // nobody was answered
        running.Clear();
        lockHolders.Clear();
        broken.Clear();
        foreach (var judge in judges.Values)
            judge.Forget();
        service.Crash();
        // What ended when the store was opened tells nobody.
        foreach (var (id, story) in stories.Where(story => !story.Value.IsOver))
        {
            if (Row(id) is { State: >= JobState.Succeeded } row)
                End(id, row.State);
        }
    }

    private JobRow? Row(JobId job) => service.Row(job);

    private void BecomeCalm()
    {
        calm = true;
        foreach (var queue in service.Memory.Queues.ToList())
            Ask(new PauseQueue(queue.Entry.Name, IsPaused: false));
        foreach (var signal in Signals)
            Ask(new SetSignal(signal));
    }

    private void CheckTheEnd()
    {
        Check.That(stories.Values.All(story => story.IsOver), $"It stands still: {Unfinished()}.");
        foreach (var (id, story) in stories)
        {
            var row = Row(id);
            Check.That(row?.State == story.State, $"{id} was told to be {story.State} and is {row?.State}.");
        }

        Assert.Empty(running);
        Assert.Empty(lockHolders);
        foreach (var queue in service.Memory.Queues)
        {
            foreach (var state in Enum.GetValues<JobState>())
            {
                var count = stories.Values.Count(story => story.Queue == queue.Entry.Name && story.State == state);
                Check.That(count == queue.Counts[(int)state], $"{queue.Entry.Name} counts {queue.Counts[(int)state]} {state}, there are {count}.");
            }
        }
    }

    private string Unfinished()
    {
        var left = stories.Where(story => !story.Value.IsOver).ToList();
        var some = left.Take(3).Select(story => (story.Value, Row(story.Key)) is var (told, row)
            ? $"{row?.State} in {told.Queue} key '{told.Key}' weight {told.Weight} lock {told.Lock} waits for "
                + service.Ask(turn => turn.Memory.Planner.Explain(told.Queue, told.Key, told.Weight, told.Weights, JobsAhead.None, service.Now))
            : "");
        return $"{left.Count} of {stories.Count} unfinished, {running.Count} running, alarm {(service.Alarm - service.Now) / 1e7} s; {string.Join("; ", some)}";
    }

    private sealed class Asked<T>(Command<T> command, Action<T>? committed) : PendingOperation<T>
    {
        public override void Want(Wanted wanted, LedgerMemory memory) => command.Want(wanted, memory);

        private T? answer;

        public override bool NeedsCommit => command.ChangesRows;

        public override void Complete() => committed?.Invoke(answer!);

        protected override T RunIn(Turn turn) => answer = command.Apply(turn);
    }

    /// <summary>What the world has been told about a job.</summary>
    private sealed class Story(NewJob job)
    {
        public string Queue { get; } = job.Queue;

        public string Key { get; } = job.Key;

        public int Weight { get; } = job.Weight;

        public IReadOnlyDictionary<string, int>? Weights { get; } = job.Weights;

        public string? Lock { get; } = job.Lock;

        public JobState State { get; set; } = JobState.Queued;

        public int Ends { get; set; }

        /// <summary>The first refusal in a row, as the store knows it.</summary>
        public DateTimeOffset? RefusedSince { get; set; }

        public bool IsOver => State >= JobState.Succeeded;
    }
}
