using System.Globalization;

namespace JobService.Upstream;

/// <summary>How the file descriptors of this process are divided: some for itself, half of the rest for clients, half for calls and callbacks.</summary>
/// <remarks>A process without free descriptors cannot accept, call, write or log, and the runtime ends it. So neither clients nor targets get the last one.</remarks>
public static class Descriptors
{
    /// <summary>The data file and its readers, the log, and what the runtime keeps open, its assemblies above all: 290 were measured in an idle service.</summary>
    private const int ForItself = 400;

    /// <summary>Used with a limit that is hardly enough for the process itself.</summary>
    private const int Least = 8;

    /// <summary>The upper bound, also used when the system names no limit or an unreadable one.</summary>
    private const int Plenty = 1_000_000;

    /// <summary>Descriptors that the process may open.</summary>
    public static int Limit { get; } = Read("/proc/self/limits");

    /// <summary>Connections of clients, at most; those beyond are closed at once.</summary>
    public static int Inbound => Share(Limit);

    /// <summary>Connections of calls and callbacks, at most; a call beyond fails and is retried.</summary>
    public static int Outbound => Share(Limit);

    /// <summary>One half of what is left.</summary>
    public static int Share(int limit) => Math.Max((limit - ForItself) / 2, Least);

    /// <param name="limits">The content of /proc/self/limits, see proc(5); the runtime has already raised the soft limit to the hard one.</param>
    public static int Read(string limits)
    {
        const string line = "Max open files";
        if (!File.Exists(limits) || Array.Find(File.ReadAllLines(limits), one => one.StartsWith(line, StringComparison.Ordinal)) is not { } found)
            return Plenty;
        var soft = found[line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? (int)Math.Min(limit, Plenty) : Plenty;
    }
}
