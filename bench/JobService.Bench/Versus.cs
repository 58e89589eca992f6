namespace JobService.Bench;

/// <summary>Two rates in one run, in turns: what disturbs the machine disturbs both.</summary>
/// <param name="Ratio">Median of the rounds' ratios.</param>
/// <param name="Ours">Median, a second.</param>
/// <param name="Bare">Median, a second.</param>
internal sealed record Versus(double Ratio, double Ours, double Bare)
{
    private const int Rounds = 5;

    public static async Task<Versus> RunAsync(Func<Task<double>> ours, Func<Task<double>> bare)
    {
        var rounds = new List<(double Ours, double Bare)>();
        for (var round = 0; round <= Rounds; round++)
        {
            var (one, other) = (await ours(), await bare());
            await Console.Error.WriteLineAsync($"  round {round}: {one:n0}/s ÷ {other:n0}/s = {one / other:0.000}");
            if (round > 0) // the first warms up
                rounds.Add((one, other));
        }

        return new Versus(
            Sample.Median(rounds.Select(round => round.Ours / round.Bare)),
            Sample.Median(rounds.Select(round => round.Ours)),
            Sample.Median(rounds.Select(round => round.Bare)));
    }

    public override string ToString() => $"**{Ratio:0.00}** ({Ours:n0}/s ÷ {Bare:n0}/s)";
}
