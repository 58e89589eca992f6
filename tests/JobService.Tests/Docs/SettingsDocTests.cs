using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using JobService.Api;
using JobService.Hosting;
using JobService.Upstream;

namespace JobService.Tests.Docs;

/// <summary>The table of docs/settings.md has every setting of the service, and the defaults and ranges of the code.</summary>
public sealed class SettingsDocTests
{
    private static readonly string[][] rows =
        [.. DocumentText.Of("docs/settings.md").Split('\n').Where(line => line.StartsWith("| `JobService:", StringComparison.Ordinal)).Select(line => line.Split(" | "))];

    [Fact]
    public void Every_setting_is_there()
    {
        var keys = rows.SelectMany(row => row[0].Split('`').Where(part => part.StartsWith("JobService:", StringComparison.Ordinal))).Select(key => key.Replace(":<name>", "", StringComparison.Ordinal));

        Assert.Equal(KnownSettings.Names.Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Numbers_are_those_of_the_code()
    {
        var numbers = (
            from type in typeof(ApiOptions).Assembly.GetTypes()
            where type.GetField("Section") is { IsLiteral: true }
            from option in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            let range = option.GetCustomAttribute<RangeAttribute>()
            where range is not null
            select (Key: $"{type.GetField("Section")!.GetRawConstantValue()}:{option.Name}", Default: option.GetValue(Activator.CreateInstance(type))!, range)).ToArray();
        Assert.True(numbers.Length > 10, $"{numbers.Length} numbers.");

        Assert.All(numbers, number =>
        {
            var row = Assert.Single(rows, row => row[0] == $"| `{number.Key}`");
            Assert.StartsWith(Text(number.Default), row[2], StringComparison.Ordinal);
            Assert.Equal($"{Text(number.range.Minimum)} to {Text(number.range.Maximum)}", row[3]);
        });
    }

    [Fact]
    public void As_many_files_as_it_says_are_enough_for_all_streams()
    {
        const int files = 20_400;

        Assert.Contains($"For 10 000 streams, `ulimit -n` must be at least {Text(files)}, plus some", DocumentText.Of("docs/settings.md"), StringComparison.Ordinal);
        Assert.Equal(10_000, Descriptors.Share(files));
    }

    private static string Text(object number) => string.Format(CultureInfo.InvariantCulture, "{0:#,0.##}", number).Replace(',', ' ');
}
