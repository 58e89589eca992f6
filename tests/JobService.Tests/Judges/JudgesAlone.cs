namespace JobService.Tests.Judges;

/// <summary>Judges look at the clock and load the machine: they run after the others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class JudgesAlone
{
    public const string Name = "Judges";
}
