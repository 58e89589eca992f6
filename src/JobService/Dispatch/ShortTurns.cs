using System.Runtime.InteropServices;

namespace JobService.Dispatch;

/// <summary>Asks the scheduler for short time slices, if it supports that: a call that is due should not wait until the slice of a busy thread is over.</summary>
/// <remarks>
/// From Linux 6.12 on, a thread can set the length of its time slices (<c>sched_setattr(2)</c>, <c>sched_runtime</c> of SCHED_OTHER); a waking thread with a shorter slice preempts one that
/// runs with a longer one, within the same fair share: it needs no priority and no privilege. Threads inherit it. Elsewhere this does nothing.
/// </remarks>
internal static class ShortTurns
{
    private const ulong Nanoseconds = 200_000;
    private const ulong KeepPolicy = 0x08;

    public static void Ask()
    {
        if (!OperatingSystem.IsLinux())
            return;
        long? call = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 314, Architecture.Arm64 => 274, _ => null };
        if (call is null)
            return;
        var wanted = new Attributes { Size = (uint)Marshal.SizeOf<Attributes>(), Flags = KeepPolicy, Nice = Niceness(0, 0), Runtime = Nanoseconds };
        _ = SetAttributes(call.Value, 0, ref wanted, 0); // an older kernel ignores it
    }

    [DllImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long SetAttributes(long call, long thread, ref Attributes attributes, long flags);

    [DllImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Niceness(int ofProcess, int self);

    /// <summary>The first version of <c>struct sched_attr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
