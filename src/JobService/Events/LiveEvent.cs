using JobService.Ledger;

namespace JobService.Events;

/// <summary>A change as a stream shows it.</summary>
/// <param name="Number">Its place among all events: rising, and higher than any of a former process.</param>
/// <param name="At">The moment of the change.</param>
/// <param name="Change">What has changed.</param>
internal readonly record struct LiveEvent(long Number, DateTimeOffset At, StoreEvent Change)
{
    /// <summary>The event as it goes over the wire, when several streams want it; null when only one does.</summary>
    internal byte[]? Frame { get; init; }

    public ReadOnlySpan<byte> ToFrame() => Frame ?? EventFrame.Of(this);
}

/// <summary>What a reader gets at a time: what it has missed, then events.</summary>
internal sealed class EventPage
{
    private const int FewEvents = 4;

    /// <summary>True when events were lost before the first of the page: what they have changed is seen in the store.</summary>
    public bool HasGap { get; internal set; }

    /// <summary>How many at most; null when nobody knows.</summary>
    public long? Missed { get; internal set; }

    /// <summary>Number of the last event of the gap.</summary>
    public long GapEnd { get; internal set; }

    public List<LiveEvent> Events { get; } = [];

    /// <summary>Nothing comes for now: of ten thousand streams each would hold what its largest page took, 7 kB and more.</summary>
    internal void Shrink()
    {
        if (Events.Count == 0 && Events.Capacity > FewEvents)
            Events.Capacity = 0;
    }

    internal void Clear()
    {
        (HasGap, Missed, GapEnd) = (false, null, 0);
        Events.Clear();
    }
}
