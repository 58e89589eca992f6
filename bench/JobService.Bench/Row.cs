namespace JobService.Bench;

/// <summary>One line of the table in bench/README.md.</summary>
internal sealed record Row(string What, string Measured, string AtLeast, bool Reached)
{
    public const string Head = "| what | measured | at least | |\n|---|---|---|---|";

    public override string ToString() => $"| {What} | {Measured} | {AtLeast} | {(Reached ? "reached" : "falls short")} |";
}
