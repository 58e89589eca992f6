namespace JobService.Auditor;

/// <summary>Reads a history, and says which promises it shows broken, with the lines that prove it. Exit code 0: none; 1: some; 2: there was nothing to audit.</summary>
internal static class AuditorProgram
{
    private const int MostLines = 12;
    private const double StampDelay = 25; // on a busy machine

    public static int Main(string[] args)
    {
        var stampDelay = StampDelay;
        if (args is not ([_] or [_, _]) || (args is [_, var delay] && !double.TryParse(delay, out stampDelay)))
        {
            Console.Error.WriteLine("Which history? JobService.Auditor HISTORY.jsonl [milliseconds from the start of a call to its stamp, at most]");
            return 2;
        }

        var history = History.Read(File.ReadLines(args[0]), stampDelay);
        var findings = Audit.Check(history);
        foreach (var finding in findings)
            Print(finding, args[0]);

        var (jobs, calls, kills) = (history.All<JobAtEnd>().Count(), history.Calls.Count, history.All<Kill>().Count());
        Console.WriteLine($"{findings.Count} broken promises in {jobs} jobs, {calls} calls and {kills} kills");
        if (jobs > 0 && calls > 0)
            return findings.Count == 0 ? 0 : 1;
        Console.Error.WriteLine("The history shows no job or no call: it proves nothing.");
        return 2;
    }

    private static void Print(Finding finding, string file)
    {
        Console.WriteLine($"promise {finding.Promise}: {finding.Says}");
        foreach (var line in finding.Proof.Take(MostLines))
            Console.WriteLine($"  {file}:{line.Line}: {line.Text}");
        if (finding.Proof.Count > MostLines)
            Console.WriteLine($"  and {finding.Proof.Count - MostLines} more lines, the last of them {finding.Proof[^1].Line}");
    }
}
