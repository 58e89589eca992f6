namespace JobService.Tests.Simulation;

/// <summary>A folder in memory, where the machine has such a place: what is simulated is a process that dies, not a disk.</summary>
internal sealed class VolatileFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateDirectory(
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"jobservice-simulation-{Path.GetRandomFileName()}"));

    public string DatabaseFile => Path.Combine(folder.FullName, "jobs.db");

    public void Dispose() => folder.Delete(recursive: true);
}
