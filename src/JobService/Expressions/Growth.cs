namespace JobService.Expressions;

/// <summary>A bound on the result for an input of size x, from 1: at most <c>Constant + Factor · x ^ Power</c>. Closed under all operations that expressions perform on sizes, so that no bound has to be guessed.</summary>
/// <param name="Constant">From 0.</param>
/// <param name="Factor">From 0.</param>
/// <param name="Power">From 1.</param>
internal sealed record Growth(double Constant, double Factor, double Power)
{
    /// <summary>As large as the input.</summary>
    public static readonly Growth Same = new(0, 1, 1);

    /// <summary>The sum over all parts of a size of x, each of size 1 at least: so there are at most x.</summary>
    public Growth OverParts => new(0, Constant + Factor, Power);

    public static Growth Of(double size) => new(size, 0, 1);

    public static Growth operator +(Growth one, Growth other) => new(one.Constant + other.Constant, one.Factor + other.Factor, Math.Max(one.Power, other.Power));

    public static Growth operator *(Growth one, Growth other) => new(
        one.Constant * other.Constant,
        (one.Constant * other.Factor) + (one.Factor * other.Constant) + (one.Factor * other.Factor),
        one.Factor > 0 && other.Factor > 0 ? one.Power + other.Power : Math.Max(one.Power, other.Power));

    public static Growth operator *(double times, Growth growth) => growth with { Constant = times * growth.Constant, Factor = times * growth.Factor };

    /// <summary>This function, then the other applied to its result.</summary>
    /// <remarks>(u + v) ^ p is at most 2 ^ (p - 1) · (u ^ p + v ^ p) for p from 1.</remarks>
    public Growth Then(Growth next)
    {
        if (next.Factor == 0)
            return next;
        var factor = next.Factor * (Constant > 0 && Factor > 0 ? Math.Pow(2, next.Power - 1) : 1);
        return new Growth(next.Constant + (factor * Math.Pow(Constant, next.Power)), factor * Math.Pow(Factor, next.Power), Power * next.Power);
    }

    public double At(double size) => Constant + (Factor == 0 ? 0 : Factor * Math.Pow(size, Power));
}
