using System.Net;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>One of several addresses, the first that answers: attempts start one after the other and run side by side (RFC 8305).</summary>
/// <remarks>An address whose packets are dropped says nothing for minutes; whoever tried one after the other to its end would never reach the next.</remarks>
internal static class HappyEyeballs
{
    /// <summary>How long an attempt is alone before the next one joins it (section 5 of the RFC).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Of the addresses of one name; more are names that want to be found out.</summary>
    private const int MaxAddresses = 10;

    /// <summary>In the resolver's order, but the two families in turn (section 4): where one does not work at all, half of the addresses are no attempt.</summary>
    public static IReadOnlyList<IPAddress> Order(IReadOnlyList<IPAddress> addresses)
    {
        if (addresses.Count < 2)
            return addresses;
        var preferred = addresses[0].AddressFamily;
        var (ours, others) = (addresses.Where(address => address.AddressFamily == preferred), addresses.Where(address => address.AddressFamily != preferred));
        return [.. Alternate(ours.ToList(), others.ToList()).Take(MaxAddresses)];
    }

    /// <param name="addresses">At least one, in the order in which they are tried.</param>
    /// <param name="connect">One attempt.</param>
    /// <param name="time">Spaces the attempts.</param>
    /// <param name="cancel">Ends all of them.</param>
    /// <exception cref="Exception">That of the last address, when none has answered.</exception>
    public static async ValueTask<Socket> ConnectAsync(
        IReadOnlyList<IPAddress> addresses, Func<IPAddress, CancellationToken, Task<Socket>> connect, TimeProvider time, CancellationToken cancel)
    {
        if (addresses is [var only])
            return await connect(only, cancel);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var attempts = new List<Task<Socket>>();
        try
        {
            var next = 0;
            while (true)
            {
                if (next < addresses.Count)
                    attempts.Add(connect(addresses[next++], over.Token));
                await WaitForOneAsync(attempts, next < addresses.Count ? AttemptDelay : Timeout.InfiniteTimeSpan, time, over.Token);
                if (attempts.Find(attempt => attempt.IsCompleted) is not { } ended)
                    continue; // the attempts go on, and one more joins them

                attempts.Remove(ended);
                if (ended.IsCompletedSuccessfully || (attempts.Count == 0 && next == addresses.Count))
                    return await ended;
            }
        }
        finally
        {
            await over.CancelAsync();
            foreach (var loser in attempts)
                _ = CloseAsync(loser);
        }
    }

    private static IEnumerable<IPAddress> Alternate(List<IPAddress> ours, List<IPAddress> others)
    {
        for (var i = 0; i < Math.Max(ours.Count, others.Count); i++)
        {
            if (i < ours.Count)
                yield return ours[i];
            if (i < others.Count)
                yield return others[i];
        }
    }

    private static async Task WaitForOneAsync(List<Task<Socket>> attempts, TimeSpan atMost, TimeProvider time, CancellationToken cancel)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var delay = Task.Delay(atMost, time, waiting.Token);
        await Task.WhenAny([.. attempts, delay]);
        await waiting.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private static async Task CloseAsync(Task<Socket> loser)
    {
        await ((Task)loser).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (loser.IsCompletedSuccessfully)
            (await loser).Dispose();
    }
}
