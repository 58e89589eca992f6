using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Limits;
using JobService.Tests.Limits;

namespace JobService.Tests.Simulation;

/// <summary>What happens to claimed jobs: they start in their slot or too late, their calls and their processing end somehow.</summary>
internal sealed partial class Scenario
{
    private readonly Dictionary<JobId, Call> running = [];
    private readonly Dictionary<(string Limit, string Key, int Kind), LimitJudge> judges = [];

    /// <summary>What the API has told, from the commit on: no later claim lies before it.</summary>
    private readonly Dictionary<(string Limit, string Key), long> told = [];

    /// <summary>Queues whose target is known to be broken, until it is probed. A queue is held in memory only: with a new one it is found out again.</summary>
    private readonly Dictionary<string, long> broken = [];

    private void Claimed(ClaimedJob job, long claimedAt)
    {
        var story = stories[job.Id];
        Check.That(claimedAt >= broken.GetValueOrDefault(job.Queue.Name), $"The circuit of {job.Queue.Name} is open for another {(broken.GetValueOrDefault(job.Queue.Name) - claimedAt) / 1e4} ms.");
        Assert.Equal(story.RefusedSince, job.ThrottledSince);
        Check.That(!story.IsOver, $"{job.Id} is claimed and over: {story.State}.");
        Check.That(!running.ContainsKey(job.Id), $"{job.Id} is claimed twice.");
        Check.That(!(job.Slot is { } given && given.At + given.Window < job.PermitAt), $"The slot of {job.Id} is over before its permit is expected.");
        if (story.Lock is { } name)
            Check.That(lockHolders.TryAdd(name, job.Id), $"The lock {name} is taken twice.");

        var limits = job.Queue.Definition.Limits.Select(limit => service.Memory.Limits[limit].Entry).ToList();
        var call = new Call(job, story, limits, claimedAt, [.. limits.Select(limit => JudgeOf(limit, job.Key))], [.. limits.Select(limit => Math.Min(limit.Definition.WeightOf(job.Weight, story.Weights), limit.Definition.MaxWeight))]);
        running.Add(job.Id, call);
        var names = string.Join(", ", job.Queue.Definition.Limits);
        Note($"{job.Id} of {job.Queue.Name}, key {job.Key}, weight {job.Weight}, is claimed for {((job.Slot?.At.UtcTicks ?? claimedAt) - begin) / 1e4:0.000}, limits: {names}");
        CheckTold(call);
        foreach (var (limit, judge, weight) in limits.Zip(call.Judges, call.Weights))
        {
            var before = judge.Held;
            judge.Hold(weight);
            if (limit.Definition is ConcurrencyDefinition concurrency)
                judge.CheckHeld(concurrency, limit.Name, before);
        }

        // Mostly in time; now and then the machine is busy.
        var lateness = random.Next(60) switch { 0 => random.NextDouble() * 400, 1 or 2 => random.NextDouble() * 12, _ => random.NextDouble() * 0.3 };
        var slot = job.Slot?.At.UtcTicks ?? service.Now;
        InThisProcess(((Math.Max(slot, service.Now) - service.Now) / (double)Millisecond) + lateness, () => Start(call));
    }

    private void Start(Call call)
    {
        var job = call.Job;
        if (!call.HasEntered)
            (call.HasEntered, call.HasPermit) = (true, service.TryEnter(job));
        var isHeld = Concerned(call).Any(state => heard.GetValueOrDefault(state) > service.Now);
        var mayStart = !isHeld && call.HasPermit && call.StopReason is null && !service.Memory.FindQueue(job.Queue.Name)!.Entry.Paused;
        var verdict = mayStart ? service.Starts.TryStart(job, new DateTimeOffset(service.Now, TimeSpan.Zero)) : StartVerdict.TooLate;
        if (verdict == StartVerdict.NotYet)
        {
            InThisProcess((service.Starts.EarliestFor(job, new DateTimeOffset(service.Now, TimeSpan.Zero), out _).UtcTicks - service.Now) / (double)Millisecond, () => Start(call));
            return;
        }

        // The breaker lets nothing through: the last look before the send is never made.
        if (!calm && call.StopReason is null && random.Next(120) == 0)
        {
            EndCall(call, new CallFeedback { CircuitOpen = true, NotBefore = new DateTimeOffset(service.Now + (random.Next(1, 3_000) * Millisecond), TimeSpan.Zero) });
            Finish(call, startedAt: null, new JobOutcome.Unstarted());
            return;
        }

        if (verdict == StartVerdict.TooLate)
        {
            EndCall(call, null);
            JobOutcome outcome = call.StopReason is { } reason ? new JobOutcome.Cancelled(reason) : new JobOutcome.Unstarted();
            Finish(call, startedAt: null, outcome);
            return;
        }

        var startedAt = service.Now;
        var duration = random.Next(5) switch { 0 => 0, 1 => random.NextDouble() * 8, _ => random.NextDouble() * 120 };
        var onTheWay = random.NextDouble();
        foreach (var (limit, judge, weight) in call.Claimed.Zip(call.Judges, call.ClaimedWeights))
        {
            // A window is counted by the API: at any moment up to its answer, or, when that takes longer, as late as the limit allows for.
            var countedAt = limit.Definition is WindowDefinition window
                ? startedAt + (long)(onTheWay * Math.Min(duration * Millisecond, Math.Max(job.Slot!.Value.At.UtcTicks, startedAt - job.Slot.Value.Window.Ticks) + new WindowModel(window).Lateness - startedAt))
                : startedAt;
            call.Started[limit.Name] = judge.Start(limit.Definition, limit.Name, call.ClaimedAt, countedAt, weight);
        }

        InThisProcess(duration, () => Answer(call, startedAt));
    }

    private void Answer(Call call, long startedAt)
    {
        service.Starts.End(call.Job, new DateTimeOffset(startedAt, TimeSpan.Zero), new DateTimeOffset(service.Now, TimeSpan.Zero));
        var (outcome, feedback) = Draw(call);
        EndCall(call, feedback);
        var processing = outcome is JobOutcome.Succeeded && random.Next(3) == 0 ? random.NextDouble() * 80 : 0;
        InThisProcess(processing, () => Finish(call, startedAt, call.StopReason is { } reason ? new JobOutcome.Cancelled(reason) : outcome));
    }

    private (JobOutcome Outcome, CallFeedback? Feedback) Draw(Call call)
    {
        var error = new JobError(ErrorTypes.Upstream, 500, null);
        var now = new DateTimeOffset(service.Now, TimeSpan.Zero);
        switch (calm ? 0 : random.Next(100))
        {
            case < 70:
                return (Success(), null);
            case < 76:
                var weights = call.Limits.Zip(call.Weights).Where(_ => random.Next(4) > 0).ToDictionary(taken => taken.First.Name, taken => random.Next(taken.Second + 1));
                return (Success(), new CallFeedback { TrueWeights = weights });
            case < 80:
                return (Success(), new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, random.Next(6), now.AddMilliseconds(random.Next(1_000)))] });
            case < 86:
                return Refused(call, error, now.AddMilliseconds(random.Next(1, 3_000)));
            case < 88:
                return Refused(call, error, notBefore: null);
            case < 94:
                return (new JobOutcome.Retried(error, TimeSpan.FromMilliseconds(random.Next(4) * 100)), null);
            case < 97:
                return (new JobOutcome.Failed(error), null);
            default:
                return (new JobOutcome.Returned(), null);
        }
    }

    private (JobOutcome Outcome, CallFeedback Feedback) Refused(Call call, JobError error, DateTimeOffset? notBefore)
    {
        var givesUp = call.Job.Queue.Definition.Retry.GivesUp(call.Job.ThrottledSince, new DateTimeOffset(service.Now, TimeSpan.Zero), notBefore);
        return (givesUp ? new JobOutcome.Failed(error) : new JobOutcome.Throttled(error), new CallFeedback { Refused = true, NotBefore = notBefore });
    }

    private void EndCall(Call call, CallFeedback? feedback)
    {
        foreach (var (limit, judge, weight) in call.Limits.Zip(call.Judges, call.Weights))
        {
            if (!call.HasEnded)
                judge.End(weight);
            if (feedback?.TrueWeights?.TryGetValue(limit.Name, out var trueWeight) == true)
                call.Started[limit.Name].Weight = trueWeight;
        }

        call.HasEnded = true;
        if (call.HasPermit)
            service.ReturnPermit(call.Job.Queue.Name);
        if (feedback is { CircuitOpen: false, NotBefore: { } notBefore })
        {
            foreach (var state in Concerned(call))
                heard[state] = Math.Max(heard.GetValueOrDefault(state), notBefore.UtcTicks);
        }

        if (feedback is not null || call.Job.HoldsLimits)
        {
            Ask(new ReleaseCall(call.Job.Lease, call.Job.HoldsLimits, feedback), committed: _ =>
            {
                if (feedback is not null)
                    Tell(call, feedback);
            });
        }
    }

    private void Finish(Call call, long? startedAt, JobOutcome outcome)
    {
        var job = call.Job;
        var end = new AttemptEnd(job.Id, job.Lease, startedAt is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null, new DateTimeOffset(service.Now, TimeSpan.Zero), outcome);
        running.Remove(job.Id);
        if (stories[job.Id].Lock is { } name)
            lockHolders.Remove(name);

        Ask(new FinishAttempts([end]), committed: written =>
        {
            Assert.Equal(1, written);
            stories[job.Id].RefusedSince = outcome switch
            {
                JobOutcome.Throttled => stories[job.Id].RefusedSince ?? turnAt,
                JobOutcome.Unstarted or JobOutcome.Returned => stories[job.Id].RefusedSince,
                _ => null,
            };
            // A late result of a lost lease changes nothing.
            After(random.NextDouble() * 3_000, () => Ask(new FinishAttempts([end]), committed: late => Assert.Equal(0, late)));
        });
    }

    private void Tell(Call call, CallFeedback feedback)
    {
        if (feedback.NotBefore is not { } notBefore)
            return;
        if (feedback.CircuitOpen)
        {
            broken[call.Job.Queue.Name] = Math.Max(broken.GetValueOrDefault(call.Job.Queue.Name), notBefore.UtcTicks);
            return;
        }

        if (call.Limits.Exists(limit => service.Memory.Limits[limit.Name].Entry.Definition.Scope != limit.Definition.Scope))
            return; // which state that concerns has changed meanwhile
        foreach (var state in Concerned(call))
            Note($"{state} is to wait until {(notBefore.UtcTicks - begin) / 1e4:0.000}, says {call.Job.Id}");
        foreach (var state in Concerned(call))
            told[state] = Math.Max(told.GetValueOrDefault(state), notBefore.UtcTicks);
    }

    private void CheckTold(Call call)
    {
        var at = call.Job.Slot?.At.UtcTicks ?? call.ClaimedAt;
        foreach (var state in Concerned(call))
            Check.That(at >= told.GetValueOrDefault(state), $"{state} is to wait {(told.GetValueOrDefault(state) - at) / 1e4} ms longer.");
    }

    /// <summary>A refusal concerns the states of the key; if there are none, the shared ones; if none, the lane.</summary>
    private static IEnumerable<(string Limit, string Key)> Concerned(Call call)
    {
        var own = call.Limits.Where(limit => limit.Definition.Scope == LimitScope.PerKey).Select(limit => (limit.Name, call.Job.Key)).ToList();
        return own.Count > 0 ? own : call.Limits.Count > 0 ? call.Limits.Select(limit => (limit.Name, "")) : [("queue " + call.Job.Queue.Name, call.Job.Key)];
    }

    private LimitJudge JudgeOf(LimitEntry limit, string key)
    {
        var state = (limit.Name, limit.Definition.Scope == LimitScope.PerKey ? key : "", kinds.GetValueOrDefault(limit.Name).Count);
        if (!judges.TryGetValue(state, out var judge))
            judges.Add(state, judge = new LimitJudge());
        return judge;
    }

    private static JobOutcome.Succeeded Success() => new(new JobResult(200, "application/json", "{}"u8.ToArray(), 2));

    private sealed class Call(ClaimedJob job, Story story, List<LimitEntry> limits, long claimedAt, List<LimitJudge> judges, int[] weights)
    {
        public ClaimedJob Job { get; } = job;

        public List<LimitEntry> Limits { get; } = limits;

        /// <summary>As they were at the claim: its slots are theirs, whatever comes between that and the start.</summary>
        public IReadOnlyList<LimitEntry> Claimed { get; } = [.. limits];

        public IReadOnlyList<int> ClaimedWeights { get; } = [.. weights];

        public List<LimitJudge> Judges { get; } = judges;

        public long ClaimedAt { get; } = claimedAt;

        /// <summary>What it has taken of each of its limits.</summary>
        public int[] Weights { get; } = weights;

        public Dictionary<string, LimitJudge.Started> Started { get; } = [];

        /// <summary>It has come for its permit.</summary>
        public bool HasEntered { get; set; }

        public bool HasPermit { get; set; }

        /// <summary>It holds nothing any more.</summary>
        public bool HasEnded { get; set; }

        /// <summary>A limit is another one now: of one that counts something else the call holds what it would take today.</summary>
        public void Recount(string limit, LimitDefinition definition)
        {
            var at = Limits.FindIndex(entry => entry.Name == limit);
            if (HasEnded || at < 0 || Limits[at].Definition.GetType() != definition.GetType() || Limits[at].Definition.Scope != definition.Scope || Limits[at].Definition.Counts == definition.Counts)
                return;
            Judges[at].End(Weights[at]);
            Weights[at] = Math.Min(definition.WeightOf(Job.Weight, story.Weights), definition.MaxWeight);
            Judges[at].Hold(Weights[at]);
            Limits[at] = Limits[at] with { Definition = definition };
        }

        public CancelReason? StopReason { get; private set; }

        public void Stop(CancelReason reason) => StopReason ??= reason;
    }
}
