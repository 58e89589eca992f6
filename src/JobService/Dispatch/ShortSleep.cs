using System.Runtime.InteropServices;

namespace JobService.Dispatch;

/// <summary>Waits for a fraction of a millisecond without spinning, if the system can.</summary>
/// <remarks>
/// .NET waits in whole milliseconds only. <c>nanosleep(2)</c> is late by 60 µs at the median and costs nothing meanwhile; elsewhere the wait is rounded up to a
/// millisecond, which the start windows still hold.
/// </remarks>
internal static class ShortSleep
{
    // Linux ends every wait 50 µs late on purpose (timer slack, prctl(2)): asking for that much less is on time.
    private const long SlackNanoseconds = 50_000;

    public static bool IsAvailable { get; } = OperatingSystem.IsLinux();

    public static void Wait(long nanoseconds)
    {
        var span = new Timespec(0, (nint)(nanoseconds - SlackNanoseconds));
        if (span.Nanoseconds > 0)
            _ = NanoSleep(in span, IntPtr.Zero); // a signal may end it early: the caller checks the clock again
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in Timespec wanted, IntPtr remaining);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec(nint seconds, nint nanoseconds)
    {
        public readonly nint Seconds = seconds;
        public readonly nint Nanoseconds = nanoseconds;
    }
}
