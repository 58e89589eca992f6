using JobService.Ledger;

namespace JobService.Events;

/// <summary>A change as a stream shows it.</summary>
/// <param name="Number">Its number among all events: increasing, and higher than any of an earlier process.</param>
/// <param name="At">The moment of the change.</param>
/// <param name="Change">What has changed.</param>
internal readonly record struct LiveEvent(long Number, DateTimeOffset At, StoreEvent Change)
{
    /// <summary>The formatted event, when several streams need it; null when only one does.</summary>
    internal byte[]? Frame { get; init; }

    public ReadOnlySpan<byte> ToFrame() => Frame ?? EventFrame.Of(this);
}

/// <summary>What a reader gets at a time: how many events it has missed, then events.</summary>
internal sealed class EventPage
{
    private const int FewEvents = 4;

    /// <summary>True when events were lost before the first of the page: their changes can be read from the store.</summary>
    public bool HasGap { get; internal set; }

    /// <summary>How many at most; null when unknown.</summary>
    public long? Missed { get; internal set; }

    /// <summary>Number of the last event of the gap.</summary>
    public long GapEnd { get; internal set; }

    public List<LiveEvent> Events { get; } = [];

    /// <summary>Releases memory while idle: otherwise each of ten thousand streams would hold the size of its largest page, 7 kB and more.</summary>
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
