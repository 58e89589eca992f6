namespace JobService.Ledger;

/// <summary>The changes of a turn, in order. Each is applied to the fetched rows, too.</summary>
internal sealed class RowChanges(Turn turn)
{
    private readonly List<Change> changes = [];

    public int Count => changes.Count;

    public IReadOnlyList<Change> All => changes;

    public void Add(Change change)
    {
        changes.Add(change);
        change.ApplyTo(turn.Fetched);
    }
}
