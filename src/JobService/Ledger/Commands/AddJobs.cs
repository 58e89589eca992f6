using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Nothing to queued.</summary>
/// <param name="Rows">The jobs.</param>
/// <param name="Halted">Batches of which a job was not taken in before: none goes before it.</param>
internal sealed record AddJobs(IReadOnlyList<NewRow> Rows, IReadOnlySet<JobId> Halted) : Command<IReadOnlyList<Addition>>
{
    public override IReadOnlyList<Addition> Apply(Turn turn)
    {
        var additions = new List<Addition>(Rows.Count);
        var haltedHere = new HashSet<JobId>(Halted); // the turn may be repeated
        foreach (var row in Rows)
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

    private static Addition Add(Turn turn, NewRow row)
    {
        var job = row.Job;
        if (job.Idempotency is { } idempotency && turn.Jobs.FindIdempotency(idempotency.Key) is var (fingerprint, first))
            return fingerprint.AsSpan().SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();
        if (Adding.Refusal(turn, job) is { } refusal)
            return refusal;

        // Before the room: an upload whose batch has been cancelled does not go on waiting for it.
        if (job.Batch is { } place && !Batching.TakesJobs(turn, place.Batch))
            return new Addition.BatchStopped();
        var queue = turn.Memory.FindQueue(job.Queue)!;
        if (queue.Unfinished >= queue.Entry.Definition.Capacity)
            return new Addition.Full(job.Queue);
        return new Addition.Accepted(Adding.Enter(turn, row));
    }
}
