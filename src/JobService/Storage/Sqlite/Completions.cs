using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Completes the operations of a turn, so that their callers continue.</summary>
internal static class Completions
{
    /// <remarks>Waking a thread for each client of a commit costs more than writing its response: submissions are completed one after the other, on as many threads as there are processors.</remarks>
    public static void Run(List<PendingOperation> operations)
    {
        PendingOperation[] inline = [.. operations.Where(operation => operation.IsCompletedInline)];
        var each = (inline.Length + Environment.ProcessorCount - 1) / Environment.ProcessorCount;
        for (var first = 0; first < inline.Length; first += each)
            ThreadPool.UnsafeQueueUserWorkItem(new CompletionItem(inline.AsMemory(first, Math.Min(each, inline.Length - first))), preferLocal: false);

        foreach (var operation in operations)
        {
            if (!operation.IsCompletedInline)
                operation.Complete();
        }
    }

    private sealed class CompletionItem(ReadOnlyMemory<PendingOperation> operations) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            foreach (var operation in operations.Span)
                operation.Complete();
        }
    }
}
