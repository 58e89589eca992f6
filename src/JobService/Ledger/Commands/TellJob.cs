using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Publishes the current state of a job to the listeners.</summary>
/// <remarks>In order with the changes: earlier ones are reflected in the state, later ones follow from it.</remarks>
internal sealed record TellJob(JobId Job) : Command<bool>
{
    public override bool ChangesRows => false;

    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.Add(Job.Stamp);

    public override bool Apply(Turn turn)
    {
        if (turn.Fetched.Job(Job.Stamp) is not { } row || row.Id != Job || turn.Memory.FindQueue(row.QueueId) is not { } queue)
            return false;

        var reason = row.State == JobState.Cancelled ? WireNames.Of(row.CancelReason!.Value) : null;
        var now = StoreEvent.OfJob(Job, queue.Entry.Name, row.Key, row.State, row.Attempt, row.Batch ?? default, reason);
        turn.Events?.Add(now with { Kind = StoreEventKind.JobAsItStands });
        return true;
    }
}
