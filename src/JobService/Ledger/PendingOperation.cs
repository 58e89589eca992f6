namespace JobService.Ledger;

/// <summary>A command or a question that waits for its turn. It completes with the result, after the commit.</summary>
internal abstract class PendingOperation
{
    /// <summary>False for an operation that needs only the memory.</summary>
    public abstract bool NeedsCommit { get; }

    /// <summary>The waiter continues on the thread that completes the operation, which must be a pool thread: waking one thread per waiter costs more than the remaining work.</summary>
    public virtual bool IsCompletedInline => false;

    /// <summary>Names the rows that it needs.</summary>
    public virtual void Want(Wanted wanted, LedgerMemory memory)
    {
    }

    /// <summary>Runs the operation; again, when the turn is repeated.</summary>
    public abstract void Run(Turn turn);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

internal abstract class PendingOperation<T>(TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : PendingOperation
{
    private readonly TaskCompletionSource<T> completion = new(options);
    private T? result;

    public Task<T> Completion => completion.Task;

    public sealed override void Run(Turn turn) => result = RunIn(turn);

    public override void Complete() => completion.TrySetResult(result!);

    public override void Fail(Exception error) => completion.TrySetException(error);

    protected abstract T RunIn(Turn turn);
}

internal class PendingCommand<T>(Command<T> command, TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : PendingOperation<T>(options)
{
    public sealed override bool NeedsCommit => command.ChangesRows;

    public sealed override void Want(Wanted wanted, LedgerMemory memory) => command.Want(wanted, memory);

    protected sealed override T RunIn(Turn turn) => command.Apply(turn);
}

/// <summary>A submission or ends of attempts: there may be thousands in a turn, and what their callers do next takes microseconds.</summary>
internal sealed class PendingInlineCommand<T>(Command<T> command) : PendingCommand<T>(command, TaskCreationOptions.None)
{
    public override bool IsCompletedInline => true;

    public override void Fail(Exception error) => ThreadPool.UnsafeQueueUserWorkItem(static failed => failed.This.FailHere(failed.Error), (This: this, Error: error), preferLocal: false);

    private void FailHere(Exception error) => base.Fail(error);
}

internal sealed class PendingQuestion<T>(Question<T> question) : PendingOperation<T>
{
    public override bool NeedsCommit => false;

    protected override T RunIn(Turn turn) => question.Answer(turn.Memory, turn.Now);
}
