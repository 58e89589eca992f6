using JobService.Lanes;
using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>A piece of work for the writer: run in a turn, answered after its commit. It may run twice, when a turn is repeated.</summary>
internal abstract class WriterCommand
{
    /// <summary>False for a question to the writer's memory, which needs no transaction.</summary>
    public required bool Writes { get; init; }

    public abstract void Run(Turn turn);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

internal sealed class WriterCommand<T>(Func<Turn, T> work) : WriterCommand
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Answer => answer.Task;

    public override void Run(Turn turn) => result = work(turn);

    public override void Complete() => answer.TrySetResult(result!);

    public override void Fail(Exception error) => answer.TrySetException(error);
}
