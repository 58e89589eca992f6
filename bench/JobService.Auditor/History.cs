using System.Text.Json;

namespace JobService.Auditor;

/// <summary>All lines of a history, and what belongs together in it.</summary>
internal sealed class History
{
    private readonly IReadOnlyList<Event> events;
    private readonly Dictionary<int, Submit> submitByNumber;
    private readonly Dictionary<string, int> numberById = [];
    private readonly IReadOnlyList<(double From, double Until)> kills;

    /// <param name="events">Its lines.</param>
    /// <param name="stampDelay">Milliseconds from the start of a call to its stamp at the target, at most.</param>
    public History(IReadOnlyList<Event> events, double stampDelay)
    {
        this.events = events;
        StampDelay = stampDelay;
        submitByNumber = All<Submit>().GroupBy(submit => submit.Number).ToDictionary(same => same.Key, same => same.First());
        JobsAtEnd = All<JobAtEnd>().ToLookup(job => job.Id);
        SubmitsOf = All<Submit>().ToLookup(submit => submit.Request);
        kills = [.. All<Kill>().Select(kill => (kill.At, (EndOf(kill.Node, kill.At)?.At ?? kill.At) + stampDelay))];
        foreach (var (id, request) in All<Submitted>().Where(answer => answer.Id is not null).Select(answer => (answer.Id!, answer.Request)))
            numberById[id] = SubmitsOf[request].First().Number;
        foreach (var job in All<JobAtEnd>())
            numberById[job.Id] = job.Number;
        Calls = [.. PairCalls().OrderBy(call => call.At)];
        CallsOf = Calls.ToLookup(call => call.Arrived.Id);
    }

    public double StampDelay { get; }

    /// <summary>In the order of their arrival.</summary>
    public IReadOnlyList<Call> Calls { get; }

    public ILookup<string, Call> CallsOf { get; }

    public ILookup<string, JobAtEnd> JobsAtEnd { get; }

    public ILookup<int, Submit> SubmitsOf { get; }

    public static History Read(IEnumerable<string> lines, double stampDelay) => new([.. lines
        .Select((text, index) => (text, number: index + 1))
        .Where(line => !string.IsNullOrWhiteSpace(line.text))
        .Select(line => JsonSerializer.Deserialize<Event>(line.text, Event.Json)! with { Line = line.number, Text = line.text })], stampDelay);

    public IEnumerable<T> All<T>()
        where T : Event => events.OfType<T>();

    public Submit? SubmitOf(string id) => numberById.TryGetValue(id, out var number) ? submitByNumber.GetValueOrDefault(number) : null;

    public int KillsBetween(double from, double to) => kills.Count(kill => kill.Until >= from && kill.From <= to);

    public Exited? EndOf(int node, double after) => All<Exited>().Where(exited => exited.Node == node && exited.At >= after).MinBy(exited => exited.At);

    // A call that was cut ended when its node was killed or its job was cancelled, which the target sees a little later.
    private IEnumerable<Call> PairCalls()
    {
        var answers = All<Answered>().ToDictionary(answer => answer.Call);
        var cuts = All<Broken>().ToDictionary(cut => cut.Call, cut => cut.At);
        var cancels = All<Cancel>().ToLookup(cancel => cancel.Id, cancel => cancel.At);
        foreach (var arrived in All<Arrived>())
        {
            var answer = answers.GetValueOrDefault(arrived.Call);
            var end = kills.Where(kill => kill.Until >= arrived.At).Select(kill => Math.Max(kill.From, arrived.At)).Concat(cancels[arrived.Id])
                .Append(answer?.At ?? double.MaxValue)
                .Append(cuts.GetValueOrDefault(arrived.Call, double.MaxValue))
                .Where(at => at >= arrived.At)
                .DefaultIfEmpty(arrived.At).Min();
            yield return new Call(SubmitOf(arrived.Id), arrived, answer, end == double.MaxValue ? arrived.At : end);
        }
    }
}
