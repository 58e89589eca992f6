using System.Net;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Connects to the first of several addresses that responds: attempts start one after the other and run in parallel (RFC 8305).</summary>
/// <remarks>An address whose packets are dropped does not fail for minutes; trying each address to its end would never reach the next.</remarks>
internal static class HappyEyeballs
{
    /// <summary>How long an attempt runs before the next one starts (section 5 of the RFC).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>The maximum number of addresses tried for one name.</summary>
    private const int MaxAddresses = 10;

    /// <summary>In the resolver's order, but alternating between the two families (section 4), so that a family that does not work at all delays only every other attempt.</summary>
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
    /// <exception cref="Exception">The error of the last address, when none has responded.</exception>
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
                    continue; // the running attempts continue, and another one starts

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
