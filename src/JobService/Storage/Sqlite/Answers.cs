using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Tells those who wait for a turn what has become of their commands.</summary>
internal static class Answers
{
    /// <remarks>To wake a thread for each client of a commit costs more than to write its response: those of whom there are very many are answered one after another, on as many threads as there are processors.</remarks>
    public static void Give(List<Envelope> commands)
    {
        Envelope[] inline = [.. commands.Where(command => command.IsAnsweredInline)];
        var each = (inline.Length + Environment.ProcessorCount - 1) / Environment.ProcessorCount;
        for (var first = 0; first < inline.Length; first += each)
            ThreadPool.UnsafeQueueUserWorkItem(new Some(inline.AsMemory(first, Math.Min(each, inline.Length - first))), preferLocal: false);

        foreach (var command in commands)
        {
            if (!command.IsAnsweredInline)
                command.Complete();
        }
    }

    private sealed class Some(ReadOnlyMemory<Envelope> answered) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            foreach (var one in answered.Span)
                one.Complete();
        }
    }
}
