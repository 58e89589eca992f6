namespace JobService.Ledger;

/// <summary>A command or a question on its way to the ledger, and the answer on its way back: given after the commit.</summary>
internal abstract class Envelope
{
    /// <summary>False for what concerns the memory alone.</summary>
    public abstract bool NeedsCommit { get; }

    /// <summary>The waiter continues on the thread that completes the envelope, which must be a pool thread: waking one thread per waiter costs more than the remaining work.</summary>
    public virtual bool IsAnsweredInline => false;

    /// <summary>Says which rows it looks at.</summary>
    public virtual void Want(Wanted wanted, LedgerMemory memory)
    {
    }

    /// <summary>Runs what it holds; again, when the turn is repeated.</summary>
    public abstract void Run(Turn turn);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

internal abstract class Envelope<T>(TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : Envelope
{
    private readonly TaskCompletionSource<T> answer = new(options);
    private T? result;

    public Task<T> Answer => answer.Task;

    public sealed override void Run(Turn turn) => result = RunIn(turn);

    public override void Complete() => answer.TrySetResult(result!);

    public override void Fail(Exception error) => answer.TrySetException(error);

    protected abstract T RunIn(Turn turn);
}

internal class CommandEnvelope<T>(Command<T> command, TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : Envelope<T>(options)
{
    public sealed override bool NeedsCommit => command.ChangesRows;

    public sealed override void Want(Wanted wanted, LedgerMemory memory) => command.Want(wanted, memory);

    protected sealed override T RunIn(Turn turn) => command.Apply(turn);
}

/// <summary>One of very many.</summary>
internal sealed class SubmissionEnvelope<T>(Command<T> command) : CommandEnvelope<T>(command, TaskCreationOptions.None)
{
    public override bool IsAnsweredInline => true;

    public override void Fail(Exception error) => ThreadPool.UnsafeQueueUserWorkItem(static failed => failed.This.FailHere(failed.Error), (This: this, Error: error), preferLocal: false);

    private void FailHere(Exception error) => base.Fail(error);
}

internal sealed class QuestionEnvelope<T>(Question<T> question) : Envelope<T>
{
    public override bool NeedsCommit => false;

    protected override T RunIn(Turn turn) => question.Answer(turn.Memory, turn.Now);
}
