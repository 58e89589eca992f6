using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>Validates a section by its annotations and reports errors under the keys that the operator wrote.</summary>
internal sealed class SectionCheck<T>(string section) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var found = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(found.Select(fault => $"{section}:{string.Join(',', fault.MemberNames)}: {fault.ErrorMessage}"));
    }
}
