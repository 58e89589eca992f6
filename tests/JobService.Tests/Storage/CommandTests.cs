using System.Collections;
using System.Reflection;
using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>What the ledger is asked for can be logged, sent and repeated: nothing in it changes or calls back.</summary>
public sealed class CommandTests
{
    private static readonly List<Type> commands = [.. typeof(Turn).Assembly.GetTypes().Where(type => type.BaseType is { IsGenericType: true } parent
        && (parent.GetGenericTypeDefinition() == typeof(Command<>) || parent.GetGenericTypeDefinition() == typeof(Question<>)))];

    [Fact]
    public void There_are_commands_and_questions_to_look_at()
    {
        Assert.Contains(commands, command => command.Name == "CancelJob");
        Assert.Contains(commands, command => command.Name == "LimitStanding");
    }

    [Fact]
    public void Each_is_a_sealed_record_of_what_never_changes() =>
        Assert.Empty(commands.Where(command => !command.IsSealed).Select(command => command.Name).Concat(commands.SelectMany(Faults)));

    [Theory]
    [InlineData(typeof(Counting))]
    [InlineData(typeof(Calling))]
    [InlineData(typeof(Collecting))]
    [InlineData(typeof(Nesting))]
    public void What_is_no_value_is_seen(Type command) => Assert.NotEmpty(Faults(command));

    private static IEnumerable<string> Faults(Type command) => Faults(command, command.Name, []);

    /// <summary>Fields all the way down; of the framework's types only those are looked into that hold others.</summary>
    private static IEnumerable<string> Faults(Type type, string path, HashSet<Type> seen)
    {
        if (!seen.Add(type))
            yield break;
        if (typeof(Delegate).IsAssignableFrom(type) || typeof(Task).IsAssignableFrom(type) || (typeof(IEnumerable).IsAssignableFrom(type) && !IsReadOnly(type)))
            yield return $"{path} is a {type.Name}";
        foreach (var argument in type.GetGenericArguments())
        {
            foreach (var fault in Faults(argument, $"{path}<{argument.Name}>", seen))
                yield return fault;
        }

        if (type.Namespace?.StartsWith(nameof(JobService), StringComparison.Ordinal) != true || type.IsEnum)
            yield break;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (!field.IsInitOnly)
                yield return $"{path}.{field.Name} can change";
            foreach (var fault in Faults(field.FieldType, $"{path}.{field.Name}", seen))
                yield return fault;
        }
    }

    private static bool IsReadOnly(Type type) => type == typeof(string) || (type.IsInterface && type.Name.StartsWith("IReadOnly", StringComparison.Ordinal));

    private sealed record Counting : Command<int>
    {
        private int count;

        public override int Apply(Turn turn) => ++count;
    }

    private sealed record Calling(Func<Turn, int> Work) : Command<int>
    {
        public override int Apply(Turn turn) => Work(turn);
    }

    private sealed record Collecting(List<int> Numbers) : Command<int>
    {
        public override int Apply(Turn turn) => Numbers.Count;
    }

    private sealed record Nesting(IReadOnlyList<Collecting> Inner) : Command<int>
    {
        public override int Apply(Turn turn) => Inner.Count;
    }
}
