namespace JobService.Upstream;

/// <summary>A target that can be replaced while calls run: it is disposed when the last of them has ended.</summary>
internal sealed class RetirableTarget(IApiTarget target) : IApiTarget
{
    private static readonly Task<CallResult> NotStarted = Task.FromResult<CallResult>(new CallResult.NotStarted());

    // The owner counts as one: zero is reached exactly once, at the end.
    private int holders = 1;
    private int retired;

    public Task<CallResult> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon)
    {
        if (!TryEnter())
            return NotStarted;

        var result = target.CallAsync(call, mayStart, abandon);
        if (!result.IsCompleted)
            return LeaveAfterAsync(result);

        Leave();
        return result;
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

    private async Task<CallResult> LeaveAfterAsync(Task<CallResult> result)
    {
        try
        {
            return await result;
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
