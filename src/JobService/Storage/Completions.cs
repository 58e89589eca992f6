using JobService.Ledger;

namespace JobService.Storage;

/// <summary>Completes the operations of a turn, so that their callers continue.</summary>
internal static class Completions
{
    /// <remarks>
    /// Waking a thread for each caller costs more than what it does next, such as writing a response: the claim, submissions and ends are completed one after the other, on as many threads as there are
    /// processors.
    /// </remarks>
    /// <param name="operations">The operations.</param>
    /// <param name="completeClaim">Before them: its jobs have slots. Null when nothing was claimed.</param>
    public static void Run(List<PendingOperation> operations, Action? completeClaim)
    {
        PendingOperation[] inline = [.. operations.Where(operation => operation.IsCompletedInline)];
        var each = (inline.Length + Environment.ProcessorCount - 1) / Environment.ProcessorCount;
        for (var first = 0; first < inline.Length || completeClaim is not null; first += each)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new CompletionItem(completeClaim, inline.AsMemory(first, Math.Min(each, inline.Length - first))), preferLocal: false);
            completeClaim = null;
        }

        foreach (var operation in operations)
        {
            if (!operation.IsCompletedInline)
                operation.Complete();
        }
    }

    private sealed class CompletionItem(Action? completeClaim, ReadOnlyMemory<PendingOperation> operations) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            completeClaim?.Invoke();
            foreach (var operation in operations.Span)
                operation.Complete();
        }
    }
}
