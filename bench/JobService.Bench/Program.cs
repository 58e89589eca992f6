using JobService.Bench;
using JobService.Bench.Rows;

const int Kills = 20;
var rows = new Dictionary<string, Func<Task<Row>>>(StringComparer.Ordinal)
{
    ["submit"] = SubmitRow.MeasureAsync,
    ["whole"] = WholeRow.MeasureAsync,
    ["drain"] = DrainRow.MeasureAsync,
    ["idle"] = IdleRow.MeasureAsync,
    ["pacing"] = PacingRow.MeasureAsync,
    ["cancel"] = CancelRow.MeasureAsync,
    ["livez"] = LivezRow.MeasureAsync,
    ["kill"] = () => KillRow.MeasureAsync(args is [_, var kills] ? int.Parse(kills) : Kills),
};

switch (args)
{
    case ["bare", var url]:
        await BareServer.RunAsync(url);
        return 0;
    case ["kill", _] or [_] when rows.TryGetValue(args[0], out var measure):
        return await ReportAsync([new(args[0], measure)]);
    case ["all"]:
        return await ReportAsync(rows);
    default:
        await Console.Error.WriteLineAsync($"Which row? {string.Join(' ', rows.Keys)} all");
        return 2;
}

// Falling short is a failure too: what runs this sees it without reading.
static async Task<int> ReportAsync(IEnumerable<KeyValuePair<string, Func<Task<Row>>>> chosen)
{
    var measured = new List<Row>();
    foreach (var (name, measure) in chosen)
    {
        await Console.Error.WriteLineAsync($"{name} …");
        measured.Add(await measure());
    }

    Console.WriteLine(Row.Head);
    measured.ForEach(Console.WriteLine);
    return measured.TrueForAll(row => row.Reached) ? 0 : 1;
}
