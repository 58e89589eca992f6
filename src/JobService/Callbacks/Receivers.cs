using JobService.Jobs;

namespace JobService.Callbacks;

/// <summary>Decides which receiver is notified next. A receiver is an origin with a few concurrent sends of its own, so that a slow one does not delay others.</summary>
/// <remarks>
/// It tracks receivers, not deliveries: any number of these may wait in the store. A receiver that has responded may use all places; one that is not known yet leaves a
/// quarter of them free, and one that gave no response the last time three quarters. And a send without a response so far gives its place to others: any number of receivers that never
/// respond delays none that does.
/// </remarks>
internal sealed class Receivers(int maxPerReceiver, int maxInHand)
{
    /// <summary>Sends that wait for a slow response, per place: they hold only a connection and a body.</summary>
    private const int SlowPerPlace = 16;

    /// <summary>Origins remembered as responding after their last delivery.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<string, Receiver> receivers = [];
    private readonly HashSet<string> responding = [];
    private readonly Queue<string> respondingSince = new();
    private readonly Lock gate = new();

    // In the order in which they are tried.
    private readonly Standing[] standings =
    [
        new(maxInHand), new(Math.Max(1, maxInHand * 3 / 4)), new(Math.Max(1, maxInHand / 4)),
    ];

    private int inHand;
    private int slow;
    private TaskCompletionSource changed = NewSignal();

    /// <summary>Receivers with deliveries due or in progress.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return receivers.Count;
        }
    }

    /// <summary>This receiver has, or may have, a delivery from that time on.</summary>
    public void Expect(string origin, DateTimeOffset at)
    {
        lock (gate)
        {
            var receiver = Of(origin);
            if (receiver.NextAt <= at)
                return;
            Change(receiver, () => receiver.NextAt = at);
            changed.TrySetResult();
        }
    }

    /// <summary>Takes a receiver with a delivery due and a free place: responding ones before unknown ones, and these before silent ones; then those with the fewest in progress.
    /// The caller reads the store and reports what else is due.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="known">Deliveries in progress: they are pending too, until they have ended.</param>
    /// <param name="free">How many more it may have in progress.</param>
    public string? TakeNext(DateTimeOffset now, out IReadOnlySet<JobId> known, out int free)
    {
        lock (gate)
        {
            (known, free) = (new HashSet<JobId>(), 0);
            foreach (var standing in standings)
            {
                standing.FallDue(now);
                var places = Math.Min(standing.Places - standing.InHand, maxInHand - inHand);
                if (places <= 0 || standing.Due.Min is not { } next)
                    continue;

                known = next.InHand.Keys.ToHashSet();
                free = Math.Min(FreePlacesOf(next), places);
                Change(next, () => next.NextAt = null);
                return next.Origin;
            }

            return null;
        }
    }

    public void Enter(string origin, JobId delivery)
    {
        lock (gate)
        {
            var receiver = Of(origin);
            var standing = standings[(int)receiver.Standing];
            Change(receiver, () => receiver.InHand.Add(delivery, standing));
            standing.InHand++;
            inHand++;
        }
    }

    /// <summary>A send has had no response for a while: it continues without a place, as long as there are not too many of these.</summary>
    public void Overrun(string origin, JobId delivery)
    {
        lock (gate)
        {
            if (!receivers.TryGetValue(origin, out var receiver) || receiver.InHand.GetValueOrDefault(delivery) is not { } standing || slow >= SlowPerPlace * maxInHand)
                return;
            receiver.InHand[delivery] = null;
            LeavePlace(standing);
            slow++;
            changed.TrySetResult();
        }
    }

    /// <summary>The store has no more deliveries for it, as far as is known.</summary>
    public void ForgetIdle(string origin)
    {
        lock (gate)
        {
            if (receivers.TryGetValue(origin, out var receiver) && receiver is { NextAt: null, InHand.Count: 0 })
                receivers.Remove(origin);
        }
    }

    /// <summary>A try has ended, and its end is stored.</summary>
    /// <param name="origin">The receiver.</param>
    /// <param name="delivery">What was sent.</param>
    /// <param name="responded">Whether it has responded, with any status; null when it was not called.</param>
    /// <param name="now">The current time: there may be more deliveries.</param>
    public void Leave(string origin, JobId delivery, bool? responded, DateTimeOffset now)
    {
        lock (gate)
        {
            var receiver = Of(origin);
            Change(receiver, () =>
            {
                if (receiver.InHand.Remove(delivery, out var standing))
                    LeavePlace(standing);
                receiver.Standing = responded switch
                {
                    true => Responsiveness.Yes,
                    false => Responsiveness.No,
                    null => receiver.Standing,
                };
                receiver.NextAt = now;
            });
            Remember(receiver);
            changed.TrySetResult();
        }
    }

    /// <summary>When the next delivery is due whose receiver has a free place; null when none is known.</summary>
    /// <param name="change">Completes when that may have changed.</param>
    public DateTimeOffset? NextAt(out Task change)
    {
        lock (gate)
        {
            if (changed.Task.IsCompleted)
                changed = NewSignal();
            change = changed.Task;
            return inHand < maxInHand ? standings.Where(standing => standing.InHand < standing.Places).Min(standing => standing.NextAt) : null;
        }
    }

    /// <param name="standing">The standing whose place it used; null when it was slow and had none.</param>
    private void LeavePlace(Standing? standing)
    {
        if (standing is null)
        {
            slow--;
            return;
        }

        standing.InHand--;
        inHand--;
    }

    /// <summary>Until it has responded, a single try finds out whether it does.</summary>
    private int FreePlacesOf(Receiver receiver) => (receiver.Standing == Responsiveness.Yes ? maxPerReceiver : 1) - receiver.InHand.Count;

    private Receiver Of(string origin)
    {
        if (!receivers.TryGetValue(origin, out var receiver))
            receivers.Add(origin, receiver = new Receiver(origin) { Standing = responding.Contains(origin) ? Responsiveness.Yes : Responsiveness.Unknown });
        return receiver;
    }

    private void Remember(Receiver receiver)
    {
        if (receiver.Standing != Responsiveness.Yes)
            responding.Remove(receiver.Origin);
        else if (responding.Add(receiver.Origin))
            respondingSince.Enqueue(receiver.Origin);
        while (respondingSince.Count > MaxRemembered)
            responding.Remove(respondingSince.Dequeue());
    }

    /// <summary>A receiver's position in the order depends on its state: it is removed before the state changes.</summary>
    private void Change(Receiver receiver, Action change)
    {
        standings[(int)receiver.Standing].Remove(receiver);
        change();
        if (receiver.NextAt is not null && FreePlacesOf(receiver) > 0)
            standings[(int)receiver.Standing].Add(receiver);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it gave any response the last time.</summary>
    private enum Responsiveness
    {
        Yes,
        Unknown,
        No,
    }

    private sealed class Receiver(string origin)
    {
        public string Origin { get; } = origin;

        public Responsiveness Standing { get; set; }

        public DateTimeOffset? NextAt { get; set; }

        /// <summary>With the places that they use; null when the response is slow.</summary>
        public Dictionary<JobId, Standing?> InHand { get; } = [];
    }

    /// <summary>Receivers of one standing with a delivery due and a free place.</summary>
    private sealed class Standing(int places)
    {
        private static readonly Comparer<Receiver> ByMoment = Comparer<Receiver>.Create((left, right) => Order(left.NextAt!.Value.CompareTo(right.NextAt!.Value), left, right));

        private static readonly Comparer<Receiver> ByHand = Comparer<Receiver>.Create((left, right) =>
            left.InHand.Count != right.InHand.Count ? left.InHand.Count.CompareTo(right.InHand.Count) : ByMoment.Compare(left, right));

        private readonly SortedSet<Receiver> later = new(ByMoment);

        public int Places { get; } = places;

        public int InHand { get; set; }

        public SortedSet<Receiver> Due { get; } = new(ByHand);

        public DateTimeOffset? NextAt => Due.Min?.NextAt ?? later.Min?.NextAt;

        public void Add(Receiver receiver) => later.Add(receiver);

        public void Remove(Receiver receiver)
        {
            if (receiver.NextAt is null)
                return;
            later.Remove(receiver);
            Due.Remove(receiver);
        }

        public void FallDue(DateTimeOffset now)
        {
            while (later.Min is { } first && first.NextAt <= now)
            {
                later.Remove(first);
                Due.Add(first);
            }
        }

        private static int Order(int byMoment, Receiver left, Receiver right) => byMoment != 0 ? byMoment : string.CompareOrdinal(left.Origin, right.Origin);
    }
}
