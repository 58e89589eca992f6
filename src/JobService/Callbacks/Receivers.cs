using JobService.Jobs;

namespace JobService.Callbacks;

/// <summary>Who is to be told next. A receiver is an origin with its own few sends at once, so that a slow one delays no other.</summary>
/// <remarks>It knows receivers, not deliveries: any number of these may wait in the store.</remarks>
internal sealed class Receivers(int maxPerReceiver, int maxInHand)
{
    private readonly Dictionary<string, Receiver> receivers = [];
    private readonly Lock gate = new();
    private int inHand;
    private TaskCompletionSource changed = NewSignal();

    /// <summary>Receivers that have something due or in hand.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return receivers.Count;
        }
    }

    /// <summary>There is, or may be, a delivery for this receiver from then on.</summary>
    public void Expect(string origin, DateTimeOffset at)
    {
        lock (gate)
        {
            var receiver = Of(origin);
            if (receiver.NextAt <= at)
                return;
            receiver.NextAt = at;
            changed.TrySetResult();
        }
    }

    /// <summary>A receiver with a delivery due and room for one, those with the fewest in hand first. Whoever takes it looks into the store and says what else there is.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="known">Deliveries in hand: they are pending too, until they have ended.</param>
    /// <param name="room">How many more it may have in hand.</param>
    public string? TakeNext(DateTimeOffset now, out IReadOnlySet<JobId> known, out int room)
    {
        lock (gate)
        {
            var next = WithRoom().Where(receiver => receiver.NextAt <= now).OrderBy(receiver => receiver.InHand.Count).ThenBy(receiver => receiver.NextAt).FirstOrDefault();
            known = next?.InHand.ToHashSet() ?? [];
            room = next is null ? 0 : Math.Min(RoomOf(next), maxInHand - inHand);
            next?.NextAt = null;
            return next?.Origin;
        }
    }

    public void Enter(string origin, JobId delivery)
    {
        lock (gate)
        {
            Of(origin).InHand.Add(delivery);
            inHand++;
        }
    }

    /// <summary>The store has nothing more for it, as far as anybody knows.</summary>
    public void ForgetIdle(string origin)
    {
        lock (gate)
        {
            if (receivers.TryGetValue(origin, out var receiver) && receiver is { NextAt: null, InHand.Count: 0 })
                receivers.Remove(origin);
        }
    }

    /// <summary>A try has ended, and its end is written.</summary>
    /// <param name="origin">The receiver.</param>
    /// <param name="delivery">What was sent.</param>
    /// <param name="answered">Whether it has answered, whatever; null when it was not asked.</param>
    /// <param name="now">The moment: there may be more.</param>
    public void Leave(string origin, JobId delivery, bool? answered, DateTimeOffset now)
    {
        lock (gate)
        {
            var receiver = Of(origin);
            receiver.InHand.Remove(delivery);
            inHand--;
            receiver.IsSilent = answered is { } given ? !given : receiver.IsSilent;
            receiver.NextAt = now;
            changed.TrySetResult();
        }
    }

    /// <summary>When the next delivery is due whose receiver has room; null when nothing is known of.</summary>
    /// <param name="change">Completes when that may have become wrong.</param>
    public DateTimeOffset? NextAt(out Task change)
    {
        lock (gate)
        {
            if (changed.Task.IsCompleted)
                changed = NewSignal();
            change = changed.Task;
            return WithRoom().Min(receiver => receiver.NextAt);
        }
    }

    private IEnumerable<Receiver> WithRoom() => inHand < maxInHand ? receivers.Values.Where(receiver => RoomOf(receiver) > 0) : [];

    private int RoomOf(Receiver receiver) => (receiver.IsSilent ? 1 : maxPerReceiver) - receiver.InHand.Count;

    private Receiver Of(string origin)
    {
        if (!receivers.TryGetValue(origin, out var receiver))
            receivers.Add(origin, receiver = new Receiver(origin));
        return receiver;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Receiver(string origin)
    {
        public string Origin { get; } = origin;

        public DateTimeOffset? NextAt { get; set; }

        public HashSet<JobId> InHand { get; } = [];

        /// <summary>It gave no answer the last time: one try alone finds out whether it does again.</summary>
        public bool IsSilent { get; set; }
    }
}
