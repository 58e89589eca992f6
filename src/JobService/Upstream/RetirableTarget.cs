namespace JobService.Upstream;

/// <summary>A target that can be replaced while calls run: it is disposed when the last of them has ended.</summary>
internal sealed class RetirableTarget(IApiTarget target) : IApiTarget
{
    private static readonly Task<ApiAnswer> NotStarted = Task.FromResult<ApiAnswer>(new ApiAnswer.NotStarted());

    // The owner counts as one: zero is reached exactly once, at the end.
    private int holders = 1;
    private int retired;

    public Task<ApiAnswer> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon)
    {
        if (!TryEnter())
            return NotStarted;

        var answer = target.CallAsync(call, mayStart, abandon);
        if (!answer.IsCompleted)
            return LeaveAfterAsync(answer);

        Leave();
        return answer;
    }

    public void Retire()
    {
        if (Interlocked.Exchange(ref retired, 1) == 0)
            Leave();
    }

    public ValueTask DisposeAsync()
    {
        Retire();
        return ValueTask.CompletedTask;
    }

    private async Task<ApiAnswer> LeaveAfterAsync(Task<ApiAnswer> answer)
    {
        try
        {
            return await answer;
        }
        finally
        {
            Leave();
        }
    }

    private bool TryEnter()
    {
        for (var seen = Volatile.Read(ref holders); seen > 0; seen = Volatile.Read(ref holders))
        {
            if (Interlocked.CompareExchange(ref holders, seen + 1, seen) == seen)
                return true;
        }

        return false;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref holders) == 0)
            _ = target.DisposeAsync().AsTask();
    }
}
