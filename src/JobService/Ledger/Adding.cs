using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Adds jobs: single ones and those of batches.</summary>
internal static class Adding
{
    /// <summary>Why the queue can never accept the job; null when it can.</summary>
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

    /// <summary>The job is validated, and there is capacity.</summary>
    public static Job Enter(Turn turn, NewRow row)
    {
        var job = row.Job;
        var queue = turn.Memory.FindQueue(job.Queue)!;
        long? dueAt = job.NotBefore is { } notBefore && notBefore.UtcTicks > (job.IsDelay ? turn.Now : turn.Wall) ? notBefore.UtcTicks : null;
        var queued = QueuedRow.Of(row, queue.Id);
        var parked = dueAt is null ? Placing.Place(turn, queue, queued) : null;
        turn.Changes.Add(new JobChange.Inserted(row, queue.Id, turn.Now, dueAt, parked));
        if (job.Callback is { } callback)
            turn.Changes.Add(new DeliveryChange.CallbackInserted(job.Id.Stamp, callback));
        queue.Enter(JobState.Queued);
        if (job.Batch is { } place)
            turn.Batches.Find(place.Batch.Stamp)!.Total++;
        turn.Events?.Add(StoreEvent.OfJob(job.Id, job.Queue, job.Key, JobState.Queued, attempt: 0, job.Batch?.Batch ?? default));

        Waking.Expect(turn, JobRow.Queued(queued, dueAt, parked), isOnWall: !job.IsDelay);

        return JobRead.New(job, queue.Entry.Definition.Retry, turn.NowTime,
            Explaining.Wait(turn.Memory.Planner, new WaitingJob(job.Queue, job.Key, job.Weight, job.Weights, Failures: 0, dueAt, parked), turn.Now));
    }
}
