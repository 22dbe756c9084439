using System.Globalization;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.Validation;

/// <summary>Compares elements with the values in profiles: fixed values, patterns, bounds, lengths. See R4 elementdefinition.html.</summary>
internal static class Values
{
    public static void Check(Element element, ElementRules rules, Findings findings)
    {
        if (rules.Fixed.Exists && !AreEqual(element, rules.Fixed))
        {
            findings.Error(
                element, IssueType.Value, rules.Source,
                $"{rules.Definition.Path} must be exactly {Brief(rules.Fixed)} here, but is {Brief(element)}.");
        }

        if (rules.Pattern.Exists && !Matches(element, rules.Pattern))
        {
            findings.Error(
                element, IssueType.Value, rules.Source,
                $"{rules.Definition.Path} must contain {Brief(rules.Pattern)}, but is {Brief(element)}.");
        }

        if (rules.MaxLength != int.MaxValue && element.HasValue && Encoding.UTF8.GetCharCount(element.Value) > rules.MaxLength)
        {
            findings.Error(
                element, IssueType.TooLong, rules.Source,
                $"The value has {Encoding.UTF8.GetCharCount(element.Value)} characters; at most {rules.MaxLength} are allowed.");
        }

        if (rules.MinValue.Exists && Compare(element, rules.MinValue) < 0)
        {
            findings.Error(
                element, IssueType.Value, rules.Source, $"The value {Brief(element)} is less than the minimum {Brief(rules.MinValue)}.");
        }

        if (rules.MaxValue.Exists && Compare(element, rules.MaxValue) > 0)
        {
            findings.Error(
                element, IssueType.Value, rules.Source, $"The value {Brief(element)} is greater than the maximum {Brief(rules.MaxValue)}.");
        }
    }

    /// <summary>Equal in type, value and all children, in order: what a fixed value demands.</summary>
    public static bool AreEqual(Element actual, Element expected)
    {
        if (actual.HasValue != expected.HasValue || (actual.HasValue && !actual.Value.SequenceEqual(expected.Value)))
        {
            return false;
        }

        Element left = actual.FirstChild;
        Element right = expected.FirstChild;
        // The order of members means nothing in JSON, so children are compared element by element.
        if (Count(left) != Count(right))
        {
            return false;
        }

        for (; right.Exists; right = right.NextSibling)
        {
            Element counterpart = Nth(actual, right.Name, right.Ordinal);
            if (!counterpart.Exists || !AreEqual(counterpart, right))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Everything in the pattern is found in the element; of a list each item of the pattern somewhere in the list.</summary>
    public static bool Matches(Element actual, Element pattern)
    {
        if (pattern.HasValue && !(actual.HasValue && actual.Value.SequenceEqual(pattern.Value)))
        {
            return false;
        }

        for (Element wanted = pattern.FirstChild; wanted.Exists; wanted = wanted.NextSibling)
        {
            bool found = false;
            foreach (Element child in actual.ChildrenOf(wanted.Name))
            {
                if (Matches(child, wanted))
                {
                    found = true;
                    break;
                }
            }

            if (!found)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Negative, zero or positive; zero also where the two cannot be compared.</summary>
    public static int Compare(Element actual, Element bound)
    {
        if (bound.Type.Name is "Quantity" || bound.Child("value").Exists)
        {
            return CompareQuantities(actual, bound);
        }

        if (!actual.Exists || !actual.HasValue || !bound.HasValue)
        {
            return 0;
        }

        if (bound.Type.Primitive is PrimitiveKind.Integer or PrimitiveKind.Decimal or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt)
        {
            return decimal.TryParse(actual.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal left)
                && decimal.TryParse(bound.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal right)
                ? left.CompareTo(right)
                : 0;
        }

        // Dates and times sort as text as far as both are precise.
        int common = Math.Min(actual.Value.Length, bound.Value.Length);
        return actual.Value[..common].SequenceCompareTo(bound.Value[..common]);
    }

    // Without a unit the bound is about the number; in another unit than the bound's the value is converted where UCUM can.
    private static int CompareQuantities(Element actual, Element bound)
    {
        Element actualCode = actual.Child("code");
        Element boundCode = bound.Child("code");
        if (!boundCode.HasLiteral() || actualCode.Is(boundCode.Value))
        {
            return Compare(actual.Child("value"), bound.Child("value"));
        }

        Element value = actual.Child("value");
        Element limit = bound.Child("value");
        return actualCode.HasLiteral() && value.HasLiteral() && limit.HasLiteral()
            && UcumUnit.TryParse(actualCode.Value, out UcumUnit unit, out _)
            && UcumUnit.TryParse(boundCode.Value, out UcumUnit limitUnit, out _)
            && decimal.TryParse(value.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal left)
            && decimal.TryParse(limit.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal right)
            && UcumUnit.TryCompare(left, unit, right, limitUnit, out int order)
            ? order
            : 0;
    }

    /// <summary>A value for a message: the value itself, or the codes and texts that make up a complex one.</summary>
    public static string Brief(Element element)
    {
        const int longest = 120;
        string text = element.HasValue
            ? $"'{element.Text}'"
            : Encoding.UTF8.GetString(FhirJson.ToBytes(element));
        return text.Length > longest ? string.Concat(text.AsSpan(0, longest), "…") : text;
    }

    private static int Count(Element first)
    {
        int count = 0;
        for (Element element = first; element.Exists; element = element.NextSibling)
        {
            count++;
        }

        return count;
    }

    private static Element Nth(Element parent, string name, int ordinal)
    {
        foreach (Element child in parent.ChildrenOf(name))
        {
            if (ordinal-- == 0)
            {
                return child;
            }
        }

        return default;
    }
}
