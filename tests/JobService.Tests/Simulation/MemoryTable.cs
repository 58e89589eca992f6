namespace JobService.Tests.Simulation;

/// <summary>Rows by their primary key. A row is immutable: a change replaces it, and is undone unless it is committed.</summary>
/// <param name="changed">Told of each change, with the row before and after it: keeps the indexes.</param>
internal sealed class MemoryTable<TKey, TRow>(Action<TRow?, TRow?>? changed = null) : IMemoryTable
    where TKey : notnull
    where TRow : class
{
    private readonly Dictionary<TKey, TRow> rows = [];
    private readonly List<(TKey Key, TRow? Before)> undo = [];

    /// <summary>A copy: the rows may change while it is walked over.</summary>
    public List<KeyValuePair<TKey, TRow>> All => [.. rows];

    public IEnumerable<TRow> Rows => rows.Values;

    public TRow? Find(TKey key) => rows.GetValueOrDefault(key);

    public int Insert(TKey key, TRow row)
    {
        if (rows.ContainsKey(key))
            throw new InvalidOperationException($"{typeof(TRow).Name} {key} is there already.");
        return Put(key, row);
    }

    /// <summary>Inserts or replaces.</summary>
    public int Put(TKey key, TRow row)
    {
        undo.Add((key, Find(key)));
        Set(key, row);
        return 1;
    }

    /// <param name="key">The row's key.</param>
    /// <param name="change">The row after the change; null for one that is not to be changed.</param>
    /// <returns>How many rows were changed.</returns>
    public int Update(TKey key, Func<TRow, TRow?> change) => Find(key) is { } row && change(row) is { } after ? Put(key, after) : 0;

    /// <inheritdoc cref="Update"/>
    public int UpdateAll(Func<TRow, TRow?> change) => All.Sum(row => Update(row.Key, change));

    public int Delete(TKey key)
    {
        if (Find(key) is not { } row)
            return 0;
        undo.Add((key, row));
        Set(key, row: null);
        return 1;
    }

    public int DeleteAll(Func<TKey, TRow, bool> condition) => All.Where(row => condition(row.Key, row.Value)).Sum(row => Delete(row.Key));

    public void Commit() => undo.Clear();

    public void RollBack()
    {
        for (var i = undo.Count - 1; i >= 0; i--)
            Set(undo[i].Key, undo[i].Before);
        undo.Clear();
    }

    private void Set(TKey key, TRow? row)
    {
        changed?.Invoke(Find(key), row);
        if (row is null)
            rows.Remove(key);
        else
            rows[key] = row;
    }
}

internal interface IMemoryTable
{
    void Commit();

    void RollBack();
}
