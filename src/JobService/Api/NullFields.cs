using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobService.Api;

/// <summary>A null for an optional field means what leaving the field out means: its default. Many serializers write nulls for all that is not set.</summary>
/// <remarks>Done to the contract's metadata, so that a field that is added later is read in the same way.</remarks>
internal static class NullFields
{
    public static void LeaveOut(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
            return;
        for (var i = 0; i < type.Properties.Count; i++)
        {
            var field = type.Properties[i];
            // Any JSON may be null itself: whose field it is decides what that means.
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
