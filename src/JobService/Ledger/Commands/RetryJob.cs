using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Queues a failed or cancelled job again.</summary>
internal sealed record RetryJob(JobId Job) : Command<RetryOutcome>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.Add(Job.Stamp);

    public override RetryOutcome Apply(Turn turn)
    {
        if (turn.Fetched.Job(Job.Stamp) is not { } row || row.Id != Job)
            return new RetryOutcome.NotFound();
        if (!row.State.IsRetryable())
            return new RetryOutcome.WrongState(row.State);

        if (turn.Memory.FindQueue(row.QueueId) is not { } queue)
            return new RetryOutcome.QueueDeleted();
        if (queue.Unfinished >= queue.Entry.Definition.Capacity)
            return new RetryOutcome.Full();

        var again = row.Job with { Failures = 0, ThrottledSince = null, StartBefore = row.Job.StartBefore > turn.Wall ? row.Job.StartBefore : null };
        var parked = Placing.Place(turn, queue, again);
        turn.Changes.Add(new JobChange.Reopened(Job.Stamp, turn.Wall, parked));
        queue.Move(row.State, JobState.Queued);
        if (row.Batch is { } batch)
            Batching.Reopen(turn, batch.Stamp, row.State);
        turn.Events?.Add(StoreEvent.OfJob(Job, queue.Entry.Name, row.Key, JobState.Queued, row.Attempt, row.Batch ?? default, "request"));
        Waking.Expect(turn, JobRow.Queued(again, dueAt: null, parked));
        return new RetryOutcome.Requeued();
    }
}
