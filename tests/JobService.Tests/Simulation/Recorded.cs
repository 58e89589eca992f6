using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>A command in one store, with its result there.</summary>
internal sealed class Recorded<T>(Command<T> command) : PendingOperation<T>, IRecorded
{
    public object? Result { get; private set; }

    public override bool NeedsCommit => command.ChangesRows;

    public override void Want(Wanted wanted, LedgerMemory memory) => command.Want(wanted, memory);

    protected override T RunIn(Turn turn)
    {
        var result = command.Apply(turn);
        Result = result;
        return result;
    }
}

internal interface IRecorded
{
    object? Result { get; }
}
