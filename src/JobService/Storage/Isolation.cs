namespace JobService.Storage;

/// <summary>Runs many items in one turn: when one of them breaks it, only that one fails.</summary>
internal static class Isolation
{
    /// <summary>Runs all together; a turn that was broken by what it was given is repeated in halves, in order, until the culprit stands alone.</summary>
    /// <param name="items">What to run.</param>
    /// <param name="together">One turn for a part of them: a result for each.</param>
    /// <param name="alone">The result of the culprit.</param>
    /// <exception cref="StorageUnavailableException">Nothing else was written: the storage has failed, not an item.</exception>
    public static async Task<IReadOnlyList<TResult>> RunAsync<T, TResult>(
        IReadOnlyList<T> items, Func<IReadOnlyList<T>, Task<IReadOnlyList<TResult>>> together, Func<T, Exception, Task<TResult>> alone)
    {
        try
        {
            return await together(items);
        }
        catch (Exception error) when (error is not StorageUnavailableException)
        {
            if (items is [var culprit])
                return [await alone(culprit, error)];
        }

        var half = items.Count / 2;
        var first = await RunAsync([.. items.Take(half)], together, alone);
        return [.. first, .. await RunAsync([.. items.Skip(half)], together, alone)];
    }
}
