using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobService.Api;

/// <summary>A null for an optional field means the same as leaving it out: its default. Many serializers write nulls for unset fields.</summary>
/// <remarks>Applied to the contract's metadata, so that it covers fields that are added later.</remarks>
internal static class NullFields
{
    public static void LeaveOut(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
            return;
        for (var i = 0; i < type.Properties.Count; i++)
        {
            var field = type.Properties[i];
            // A field of any JSON may hold null as its value: the type that owns it decides what that means.
            if (field is { Set: { } set, IsRequired: false, AssociatedParameter: null } && field.PropertyType != typeof(JsonElement) && !IsNullable(field))
                type.Properties[i] = Lenient(type, field, set);
        }
    }

    private static bool IsNullable(JsonPropertyInfo field) => field.PropertyType.IsValueType ? Nullable.GetUnderlyingType(field.PropertyType) is not null : field.IsSetNullable;

    private static JsonPropertyInfo Lenient(JsonTypeInfo type, JsonPropertyInfo field, Action<object, object?> set)
    {
        var lenient = field;
        if (field.PropertyType.IsValueType)
        {
            lenient = type.CreateJsonPropertyInfo(typeof(Nullable<>).MakeGenericType(field.PropertyType), field.Name);
            (lenient.Get, lenient.ShouldSerialize, lenient.AttributeProvider, lenient.Order) = (field.Get, field.ShouldSerialize, field.AttributeProvider, field.Order);
        }

        lenient.IsSetNullable = true;
        lenient.Set = (target, value) =>
        {
            if (value is not null)
                set(target, value);
        };
        return lenient;
    }
}
