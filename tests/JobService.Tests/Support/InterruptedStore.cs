using System.Reflection;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Tests.Support;

/// <summary>The store that a service has, both halves of it.</summary>
public interface IWholeStore : IJobStore, IDeliveryStore;

/// <summary>The real store; something happens right behind one of its reads, before the reader has the answer.</summary>
public class InterruptedStore : DispatchProxy
{
    private IJobStore store = null!;
    private (string Read, Func<Task> Happens)? next;

    public static IWholeStore Around(IJobStore store)
    {
        var whole = Create<IWholeStore, InterruptedStore>();
        ((InterruptedStore)(object)whole).store = store;
        return whole;
    }

    /// <summary>Behind the next read of this name, once.</summary>
    public static void Behind(IJobStore whole, string read, Func<Task> happens) => ((InterruptedStore)whole).next = (read, happens);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var response = targetMethod!.Invoke(store, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        if (next is not { } interruption || interruption.Read != targetMethod.Name)
            return response;

        next = null;
        return response switch
        {
            Task<BatchResults?> results => AfterAsync(results, interruption.Happens),
            Task<Job?> job => AfterAsync(job, interruption.Happens),
            _ => throw new NotSupportedException(interruption.Read),
        };
    }

    private static async Task<T> AfterAsync<T>(Task<T> read, Func<Task> happens)
    {
        var response = await read;
        await happens();
        return response;
    }
}
