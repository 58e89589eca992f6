namespace JobService.Storage.Sqlite;

/// <summary>A piece of work for the writer: run in a turn, answered after its commit. It may run twice, when a turn is repeated.</summary>
internal abstract class WriterCommand
{
    /// <summary>False for a question to the writer's memory, which needs no transaction.</summary>
    public required bool Writes { get; init; }

    public abstract void Run(SqliteTurn turn);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

internal sealed class WriterCommand<T>(Func<SqliteTurn, T> work) : WriterCommand
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Answer => answer.Task;

    public override void Run(SqliteTurn turn) => result = work(turn);

    public override void Complete() => answer.TrySetResult(result!);

    public override void Fail(Exception error) => answer.TrySetException(error);
}

/// <summary>A standing wish for jobs: tried in every turn until one is claimed.</summary>
internal sealed class ClaimRequest(Func<string, int, int> takePermits, Action<string, int> returnPermits)
{
    private readonly TaskCompletionSource<IReadOnlyList<ClaimedJob>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, int> taken = [];

    public Task<IReadOnlyList<ClaimedJob>> Answer => answer.Task;

    /// <summary>Nobody wants the jobs any more; guarded by the writer's gate.</summary>
    public bool Withdrawn { get; set; }

    public int Take(string queue, int atMost)
    {
        var permits = takePermits(queue, atMost);
        taken[queue] = taken.GetValueOrDefault(queue) + permits;
        return permits;
    }

    public void Return(string queue, int permits)
    {
        taken[queue] -= permits;
        returnPermits(queue, permits);
    }

    /// <summary>The turn was rolled back: no claimed job owns a permit.</summary>
    public void ReturnAll()
    {
        foreach (var (queue, permits) in taken)
        {
            if (permits > 0)
                returnPermits(queue, permits);
        }

        taken.Clear();
    }

    public void Complete(IReadOnlyList<ClaimedJob> claimed) => answer.TrySetResult(claimed);
}
