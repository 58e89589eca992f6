namespace JobService.Jobs;

/// <summary>One seeded, thread-safe random source.</summary>
public sealed class Chance(int seed) : Random(seed)
{
    private readonly Lock turn = new();

    public override int Next()
    {
        lock (turn)
            return base.Next();
    }

    public override long NextInt64()
    {
        lock (turn)
            return base.NextInt64();
    }

    public override double NextDouble()
    {
        lock (turn)
            return base.NextDouble();
    }
}
