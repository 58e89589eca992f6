using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>Nothing to queued.</summary>
internal static class Adding
{
    public static List<Addition> Add(SqliteTurn turn, IReadOnlyList<NewJob> jobs)
    {
        var additions = new List<Addition>(jobs.Count);
        foreach (var job in jobs)
            additions.Add(Add(turn, job));
        return additions;
    }

    private static Addition Add(SqliteTurn turn, NewJob job)
    {
        if (job.Idempotency is { } idempotency && turn.Jobs.FindIdempotency(idempotency.Key) is var (fingerprint, first))
            return fingerprint.AsSpan().SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();

        if (turn.Memory.FindQueue(job.Queue) is not { } queue)
            return new Addition.UnknownQueue();
        var definition = queue.Entry.Definition;
        if (job.Request is not null && definition.Target is not HttpTarget)
            return new Addition.RequestNotAllowed();
        foreach (var name in definition.Limits)
        {
            if (turn.Memory.Limits[name].Entry.Definition.MaxWeight is var most && job.Weight > most)
                return new Addition.NeverFits(name, most);
        }

        if (queue.Unfinished >= definition.Capacity)
            return new Addition.Full();

        return new Addition.Accepted(Enter(turn, job, queue));
    }

    private static Job Enter(SqliteTurn turn, NewJob job, QueueRow queue)
    {
        long? dueAt = job.NotBefore is { } notBefore && notBefore.UtcTicks > turn.Now ? notBefore.UtcTicks : null;
        turn.Jobs.Insert(
            job, queue.Id, turn.Now, dueAt,
            job.Request is { } request ? StorageJson.Write(request) : null,
            job.Tags is { Count: > 0 } tags ? StorageJson.Write(tags) : null);
        queue.Enter(JobState.Queued);

        var memory = turn.Memory;
        memory.Expect(dueAt, job.StartBefore?.UtcTicks);
        if (dueAt is null)
            memory.Planner.Arrive(job.Queue, job.Key);

        return new Job
        {
            Id = job.Id,
            Queue = job.Queue,
            State = JobState.Queued,
            Key = job.Key,
            Priority = job.Priority,
            Weight = job.Weight,
            MaxAttempts = job.MaxAttempts ?? queue.Entry.Definition.Retry.MaxAttempts,
            CreatedAt = turn.NowTime,
            NotBefore = job.NotBefore,
            StartBefore = job.StartBefore,
            Tags = job.Tags,
            Waiting = Explaining.Wait(memory.Planner, job.Queue, job.Key, job.Weight, attempt: 0, dueAt, position: null, weightAhead: null, turn.Now),
            Attempts = [],
        };
    }
}
