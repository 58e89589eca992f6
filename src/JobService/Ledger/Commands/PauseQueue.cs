using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Pauses or resumes a queue.</summary>
internal sealed record PauseQueue(string Name, bool IsPaused) : Command<PutOutcome<QueueEntry>.Replaced?>
{
    public override PutOutcome<QueueEntry>.Replaced? Apply(Turn turn)
    {
        if (turn.Memory.FindQueue(Name) is not { Entry: var before } queue)
            return null;
        var entry = before.Paused == IsPaused ? before : Defining.Write(turn, queue, Name, before.Definition, IsPaused, before.FromConfiguration, queue.Declared);
        return new PutOutcome<QueueEntry>.Replaced(entry, before);
    }
}
