using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using JobService.Api;
using Microsoft.Extensions.Options;

namespace JobService.Hosting;

/// <summary>Reports numbers that cannot be read together with everything else that is wrong: the binder would stop at the first, and name types of .NET.</summary>
internal sealed class ReadableSettings : IValidateOptions<ApiOptions>
{
    private readonly List<string> faults = [];

    private ReadableSettings()
    {
    }

    /// <summary>Also puts the default in the place of each unreadable number, so that the other settings can be read and checked: the service does not start with it.</summary>
    public static ReadableSettings Of(ConfigurationManager configuration)
    {
        var found = new ReadableSettings();
        var defaults = new Dictionary<string, string?>();
        foreach (var (key, option) in KnownSettings.Options)
        {
            if (configuration[key] is not { } written || Fault(option.PropertyType, written) is not { } fault)
                continue;
            found.faults.Add($"{key}: {fault}");
            defaults.Add(key, Default(option));
        }

        if (defaults.Count > 0)
            configuration.AddInMemoryCollection(defaults);
        return found;
    }

    public ValidateOptionsResult Validate(string? name, ApiOptions options) => faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

    internal static string? Fault(Type type, string written)
    {
        var isWhole = type == typeof(int) || type == typeof(long);
        if (!isWhole && type != typeof(double))
            return null;
        try
        {
            // As the binder does it.
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(written);
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            return double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsInteger(number)
                ? $"'{written}' is out of range."
                : $"'{written}' is not a {(isWhole ? "whole " : "")}number.";
        }
    }

    private static string? Default(PropertyInfo option) => Convert.ToString(option.GetValue(Activator.CreateInstance(option.DeclaringType!)), CultureInfo.InvariantCulture);
}
