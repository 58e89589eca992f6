using System.Runtime.CompilerServices;

namespace JobService.Tests.Simulation;

/// <summary>Assertions that are made very often: what they say when they fail is made up only then.</summary>
internal static class Check
{
    public static void That(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref FailureText message)
    {
        if (!condition)
            Assert.Fail(message.ToString());
    }

    [InterpolatedStringHandler]
    public ref struct FailureText
    {
        private DefaultInterpolatedStringHandler text;

        public FailureText(int literalLength, int formattedCount, bool condition, out bool isWanted)
        {
            isWanted = !condition;
            text = isWanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

        public override string ToString() => text.ToStringAndClear();
    }
}
