namespace JobService.Ledger;

/// <summary>A command or a question on its way to the ledger, and the answer on its way back: given after the commit.</summary>
internal abstract class Envelope
{
    /// <summary>False for what concerns the memory alone.</summary>
    public abstract bool NeedsCommit { get; }

    /// <summary>Runs what it holds; again, when the turn is repeated.</summary>
    public abstract void Run(Turn turn);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

internal abstract class Envelope<T> : Envelope
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Answer => answer.Task;

    public sealed override void Run(Turn turn) => result = RunIn(turn);

    public override void Complete() => answer.TrySetResult(result!);

    public sealed override void Fail(Exception error) => answer.TrySetException(error);

    protected abstract T RunIn(Turn turn);
}

internal sealed class CommandEnvelope<T>(Command<T> command) : Envelope<T>
{
    public override bool NeedsCommit => command.ChangesRows;

    protected override T RunIn(Turn turn) => command.Apply(turn);
}

internal sealed class QuestionEnvelope<T>(Question<T> question) : Envelope<T>
{
    public override bool NeedsCommit => false;

    protected override T RunIn(Turn turn) => question.Answer(turn.Memory, turn.Now);
}
