using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Nothing to queued.</summary>
internal static class Adding
{
    /// <param name="turn">The turn.</param>
    /// <param name="rows">The jobs.</param>
    /// <param name="halted">Batches of which a job was not taken in before: none goes before it.</param>
    public static List<Addition> Add(Turn turn, IReadOnlyList<NewRow> rows, IReadOnlySet<JobId> halted)
    {
        var additions = new List<Addition>(rows.Count);
        var haltedHere = new HashSet<JobId>(halted); // the turn may be repeated
        foreach (var row in rows)
        {
            var batch = row.Job.Batch?.Batch;
            var isBehind = batch is { } place && haltedHere.Contains(place);
            var addition = isBehind ? new Addition.Full(row.Job.Queue) : Add(turn, row);
            additions.Add(addition);
            if (addition is not Addition.Accepted && batch is { } stopped)
                haltedHere.Add(stopped);
        }

        return additions;
    }

    /// <summary>Why the queue can never take the job; null when it can.</summary>
    public static Addition.Refusal? Refusal(Turn turn, NewJob job)
    {
        if (turn.Memory.FindQueue(job.Queue) is not { } queue)
            return new Addition.UnknownQueue(job.Queue);
        if (job.Request is not null && !queue.Entry.Definition.Target.TakesRequests())
            return new Addition.RequestNotAllowed(job.Queue);
        foreach (var name in queue.Entry.Definition.Limits)
        {
            var limit = turn.Memory.Limits[name].Entry.Definition;
            if (limit.WeightOf(job.Weight, job.Weights) > limit.MaxWeight)
                return new Addition.NeverFits(name, limit.MaxWeight, limit.Counts);
        }

        return null;
    }

    /// <summary>The job is checked, and there is room.</summary>
    public static Job Enter(Turn turn, NewRow row)
    {
        var job = row.Job;
        var queue = turn.Memory.FindQueue(job.Queue)!;
        long? dueAt = job.NotBefore is { } notBefore && notBefore.UtcTicks > (job.IsDelay ? turn.Now : turn.Wall) ? notBefore.UtcTicks : null;
        var parked = dueAt is null ? Entering.Enter(turn, queue, new Arrival(job.Id.Stamp, queue.Id, job.Key, job.Priority, job.Lock, job.Signal)) : null;
        turn.Jobs.Insert(row, queue.Id, turn.Now, dueAt, parked);
        if (job.Callback is { } callback)
            turn.Deliveries.InsertCallback(job.Id.Stamp, callback);
        queue.Enter(JobState.Queued);
        if (job.Batch is { } place)
            turn.Batches.Find(place.Batch.Stamp)!.Total++;
        turn.Events?.Add(StoreEvent.OfJob(job.Id, job.Queue, job.Key, JobState.Queued, attempt: 0, job.Batch?.Batch ?? default));

        var memory = turn.Memory;
        memory.Expect(job.IsDelay ? dueAt : null, job.StartBefore?.UtcTicks, job.IsDelay ? null : dueAt);

        return new Job
        {
            Id = job.Id,
            Queue = job.Queue,
            State = JobState.Queued,
            Key = job.Key,
            Priority = job.Priority,
            Weight = job.Weight,
            Weights = job.Weights,
            Lock = job.Lock,
            MaxAttempts = job.MaxAttempts ?? queue.Entry.Definition.Retry.MaxAttempts,
            CreatedAt = turn.NowTime,
            NotBefore = job.NotBefore,
            StartBefore = job.StartBefore,
            Tags = job.Tags,
            Batch = job.Batch,
            CallbackUrl = job.Callback?.Url,
            Waiting = Explaining.Wait(memory.Planner, new WaitingJob(job.Queue, job.Key, job.Weight, job.Weights, Attempt: 0, dueAt, parked), turn.Now),
            Attempts = [],
        };
    }

    private static Addition Add(Turn turn, NewRow row)
    {
        var job = row.Job;
        if (job.Idempotency is { } idempotency && turn.Jobs.FindIdempotency(idempotency.Key) is var (fingerprint, first))
            return fingerprint.AsSpan().SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();
        if (Refusal(turn, job) is { } refusal)
            return refusal;

        // Before the room: an upload whose batch has been cancelled does not go on waiting for it.
        if (job.Batch is { } place && !Batching.TakesJobs(turn, place.Batch))
            return new Addition.BatchStopped();
        var queue = turn.Memory.FindQueue(job.Queue)!;
        if (queue.Unfinished >= queue.Entry.Definition.Capacity)
            return new Addition.Full(job.Queue);
        return new Addition.Accepted(Enter(turn, row));
    }
}
