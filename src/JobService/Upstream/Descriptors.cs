using System.Globalization;

namespace JobService.Upstream;

/// <summary>How the files and sockets that the system lets this process open are shared out: some for itself, half of the rest for clients, half for calls and callbacks.</summary>
/// <remarks>A process without descriptors cannot accept, call, write or log: the runtime ends it. So neither clients nor targets get the last one.</remarks>
public static class Descriptors
{
    /// <summary>The data file and its readers, the log, and what the runtime keeps open, its assemblies above all: 290 were seen in a service that did nothing.</summary>
    private const int ForItself = 400;

    /// <summary>With a limit that is hardly enough for the process itself.</summary>
    private const int Least = 8;

    /// <summary>Nowhere is more used; where the system names no limit, or none that can be read.</summary>
    private const int Plenty = 1_000_000;

    /// <summary>Descriptors that the process may have open.</summary>
    public static int Limit { get; } = Read("/proc/self/limits");

    /// <summary>Connections of clients, at most; those beyond are closed as they come.</summary>
    public static int Inbound => Share(Limit);

    /// <summary>Connections of calls and callbacks, at most; a call beyond fails and is tried again.</summary>
    public static int Outbound => Share(Limit);

    /// <summary>One half of what is left.</summary>
    public static int Share(int limit) => Math.Max((limit - ForItself) / 2, Least);

    /// <param name="limits">As in proc(5): the runtime has raised the soft limit to the hard one by now.</param>
    public static int Read(string limits)
    {
        const string line = "Max open files";
        if (!File.Exists(limits) || Array.Find(File.ReadAllLines(limits), one => one.StartsWith(line, StringComparison.Ordinal)) is not { } found)
            return Plenty;
        var soft = found[line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? (int)Math.Min(limit, Plenty) : Plenty;
    }
}
