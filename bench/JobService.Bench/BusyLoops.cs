using System.Diagnostics;

namespace JobService.Bench;

/// <summary>Processes that want a core each and do nothing with it, as neighbours on a small server do.</summary>
internal sealed class BusyLoops : IDisposable
{
    // Should the bench die without a word, its loops end by themselves.
    private const string Loop = "while kill -0 $PPID 2>/dev/null; do i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; done";

    private readonly Process[] loops;

    public BusyLoops(int count) => loops = [.. Enumerable.Range(0, count).Select(_ => Process.Start("sh", ["-c", Loop]))];

    public void Dispose()
    {
        foreach (var loop in loops)
        {
            loop.Kill();
            loop.WaitForExit();
            loop.Dispose();
        }
    }
}
