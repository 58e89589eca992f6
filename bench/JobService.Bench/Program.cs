using JobService.Bench;
using JobService.Bench.Limiters;
using JobService.Bench.Rows;

const int Kills = 20;
var rows = new Dictionary<string, Func<Task<Row>>>(StringComparer.Ordinal)
{
    ["submit"] = SubmitRow.MeasureAsync,
    ["whole"] = WholeRow.MeasureAsync,
    ["drain"] = DrainRow.MeasureAsync,
    ["rows"] = RowsRow.MeasureAsync,
    ["idle"] = IdleRow.MeasureAsync,
    ["pacing"] = PacingRow.MeasureAsync,
    ["cancel"] = CancelRow.MeasureAsync,
    ["livez"] = LivezRow.MeasureAsync,
    ["nginx"] = NginxRow.MeasureAsync,
    ["narrow"] = NginxRow.MeasureNarrowAsync,
    ["tight"] = TightRow.MeasureAsync,
    ["burst"] = BurstRow.MeasureAsync,
    ["busy"] = BusyRow.MeasureAsync,
    ["window"] = WindowRow.MeasureAsync,
    ["counts"] = CountsRow.MeasureAsync,
    ["units"] = CountsRow.MeasureDrainAsync,
    ["slots"] = SlotsRow.MeasureAsync,
    ["quiet"] = QuietRow.MeasureAsync,
    ["shares"] = SharesRow.MeasureAsync,
    ["queues"] = QueuesRow.MeasureAsync,
    ["retry-after"] = RetryAfterRow.MeasureAsync,
    ["keys"] = KeysRow.MeasureAsync,
    ["parked"] = ParkedRow.MeasureAsync,
    ["waiting"] = WaitingRow.MeasureMemoryAsync,
    ["restart"] = WaitingRow.MeasureStartAsync,
    ["upload"] = UploadRow.MeasureAsync,
    ["gather"] = GatherRow.MeasureAsync,
    ["map"] = MapRow.MeasureAsync,
    ["seen"] = SeenRow.MeasureAsync,
    ["lists"] = ListsRow.MeasureAsync,
    ["streams"] = StreamsRow.MeasureAsync,
    ["kill"] = () => KillRow.MeasureAsync(Kills),
};

switch (args)
{
    case ["bare", var url]:
        await BareServer.RunAsync(url);
        return 0;
    case ["kill", var kills] when int.TryParse(kills, out var count):
        return await ReportAsync([new("kill", () => KillRow.MeasureAsync(count))]);
    case ["audit", var history, var kills, var nodes, .. var program] when int.TryParse(kills, out var count) && int.TryParse(nodes, out var processes):
        await AuditHistory.RecordAsync(history, count, processes, program.FirstOrDefault());
        return 0;
    case ["memory", .. var attacks]:
        return await MemoryTable.MeasureAsync(attacks);
    case ["before", var program, .. var names] when names.All(BeforeRow.Names.Contains):
        return await ReportAsync(
            (names is [] ? BeforeRow.Names : names).Select(name => new KeyValuePair<string, Func<Task<Row>>>(name, () => BeforeRow.MeasureAsync(name, program))));
    case ["limiters", .. var words]:
        return LimiterChoice.Of(words) is { } choice ? await LimiterTable.MeasureAsync(choice) : 2;
    case ["all"]:
        return await ReportAsync(rows);
    case [_, ..] when args.All(rows.ContainsKey):
        return await ReportAsync(args.Select(name => new KeyValuePair<string, Func<Task<Row>>>(name, rows[name])));
    default:
        await Console.Error.WriteLineAsync($"Which rows? {string.Join(' ', rows.Keys)}, or all; or: before PATH/TO/JobService.dll {string.Join(' ', BeforeRow.Names)}");
        return 2;
}

// Falling short is a failure too: what runs this sees it without reading.
static async Task<int> ReportAsync(IEnumerable<KeyValuePair<string, Func<Task<Row>>>> chosen)
{
    var reached = true;
    Console.WriteLine(Row.Head);
    foreach (var (name, measure) in chosen)
    {
        await Console.Error.WriteLineAsync($"{name} …");
        var row = await measure();
        Console.WriteLine(row);
        reached &= row.Reached;
    }

    return reached ? 0 : 1;
}
