namespace JobService.Tests.Support;

/// <summary>How long a test waits for what must come before it calls it a hang.</summary>
public static class Patience
{
    public static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);
}
