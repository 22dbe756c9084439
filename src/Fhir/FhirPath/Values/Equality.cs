using System.Buffers;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Equality (<c>=</c>), equivalence (<c>~</c>) and order of items and collections (FHIRPath, "Equality", "Comparison").</summary>
internal static class Equality
{
    /// <summary>Whether two items are equal; null when their precision does not say.</summary>
    public static bool? AreEqual(in FhirPathValue left, in FhirPathValue right)
    {
        if (left.IsElement && right.IsElement)
        {
            (Element x, Element y) = (left.Element, right.Element);
            if (x == y)
            {
                return true;
            }

            if (IsText(x.Type) && IsText(y.Type))
            {
                return x.HasValue && y.HasValue ? x.Value.SequenceEqual(y.Value) : AreValuelessEqual(left, right);
            }

            bool areQuantities = FhirTypes.IsQuantity(x.Type) && FhirTypes.IsQuantity(y.Type);
            if (!x.Type.IsPrimitive && !y.Type.IsPrimitive && !areQuantities)
            {
                return AreDeepEqual(x, y, equivalent: false);
            }
        }

        return AreSystemValuesEqual(left, right);
    }

    public static bool AreEquivalent(in FhirPathValue left, in FhirPathValue right)
    {
        if (left.IsElement && right.IsElement)
        {
            (Element x, Element y) = (left.Element, right.Element);
            if (!x.Type.IsPrimitive && !y.Type.IsPrimitive)
            {
                return x == y || AreQuantitiesEquivalent(left, right) || AreDeepEqual(x, y, equivalent: true);
            }
        }

        FhirPathValue a = Conversion.ToSystem(left);
        FhirPathValue b = Conversion.ToSystem(right);
        if (a.IsNumber && b.IsNumber)
        {
            return Numbers.AreEquivalent(a.Number, b.Number);
        }

        if (Promote(ref a, ref b) == FhirPathKind.Quantity)
        {
            return Quantities.AreEquivalent(a, b);
        }

        return a.Kind switch
        {
            FhirPathKind.String when b.Kind == FhirPathKind.String => Strings.AreEquivalent(a.String, b.String),
            FhirPathKind.Date or FhirPathKind.DateTime when b.Kind is FhirPathKind.Date or FhirPathKind.DateTime =>
                Temporal.AreEquivalent(a.Temporal, b.Temporal),
            FhirPathKind.Time when b.Kind == FhirPathKind.Time => Temporal.AreEquivalent(a.Temporal, b.Temporal),
            _ => AreSystemValuesEqual(a, b) ?? false,
        };
    }

    /// <summary>Equality of collections: item by item in order; null when an item's is unknown and none differs.</summary>
    public static bool? AreEqual(Evaluation run, ValueList left, ValueList right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        run.Charge(left.Count);
        bool? all = true;
        for (int i = 0; i < left.Count; i++)
        {
            bool? equal = AreEqual(left[i], right[i]);
            if (equal == false)
            {
                return false;
            }

            all = equal is null ? null : all;
        }

        return all;
    }

    /// <summary>Equivalence of collections: the same items in any order.</summary>
    public static bool AreEquivalent(Evaluation run, ValueList left, ValueList right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        bool[] taken = ArrayPool<bool>.Shared.Rent(right.Count + 1);
        try
        {
            Array.Clear(taken);
            for (int i = 0; i < left.Count; i++)
            {
                int match = 0;
                while (match < right.Count && (taken[match] || !AreEquivalent(left[i], right[match])))
                {
                    run.Charge(1);
                    match++;
                }

                if (match == right.Count)
                {
                    return false;
                }

                taken[match] = true;
            }

            return true;
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(taken);
        }
    }

    /// <summary>The order of two items; null when undetermined. Throws when their types have no common order.</summary>
    public static int? Compare(in FhirPathValue left, in FhirPathValue right)
    {
        FhirPathValue a = Conversion.ToSystem(left);
        FhirPathValue b = Conversion.ToSystem(right);
        if (a.IsNone || b.IsNone)
        {
            return IsOrdered(left) && IsOrdered(right) ? null : throw EvaluationErrors.NotComparable(left, right);
        }

        if (a.IsNumber && b.IsNumber)
        {
            return a.Number.CompareTo(b.Number);
        }

        if (a.Kind == FhirPathKind.String && b.Kind == FhirPathKind.String)
        {
            return Strings.CompareByCodePoint(a.String, b.String);
        }

        if (a.IsTemporal && b.IsTemporal && (a.Kind == FhirPathKind.Time) == (b.Kind == FhirPathKind.Time))
        {
            return Temporal.Compare(a.Temporal, b.Temporal);
        }

        return Promote(ref a, ref b) == FhirPathKind.Quantity
            ? Quantities.Compare(a, b)
            : throw EvaluationErrors.NotComparable(left, right);
    }

    /// <summary>True when a collection holds an equal item.</summary>
    public static bool Contains(Evaluation run, ValueList list, in FhirPathValue value)
    {
        run.Charge(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            if (AreEqual(list[i], value) == true)
            {
                return true;
            }
        }

        return false;
    }

    // A primitive or quantity without value has an order in principle, only none to be known.
    private static bool IsOrdered(in FhirPathValue value) =>
        Conversion.SystemKind(value) is not (FhirPathKind.None or FhirPathKind.Boolean or FhirPathKind.TypeInfo);

    private static bool IsText(TypeSchema type) => FhirTypes.SystemKind(type) == FhirPathKind.String;

    private static bool? AreSystemValuesEqual(in FhirPathValue left, in FhirPathValue right)
    {
        FhirPathValue a = Conversion.ToSystem(left);
        FhirPathValue b = Conversion.ToSystem(right);
        if (a.IsNone || b.IsNone)
        {
            return AreValuelessEqual(left, right);
        }

        if (a.IsNumber && b.IsNumber)
        {
            return a.Number == b.Number;
        }

        if (a.IsTemporal && b.IsTemporal)
        {
            return (a.Kind == FhirPathKind.Time) != (b.Kind == FhirPathKind.Time) ? false
                : Temporal.Compare(a.Temporal, b.Temporal) is { } order ? order == 0
                : null;
        }

        if (Promote(ref a, ref b) == FhirPathKind.Quantity)
        {
            return Quantities.Compare(a, b) is { } order ? order == 0 : null;
        }

        return a.Kind == b.Kind && a.Kind switch
        {
            FhirPathKind.Boolean => a.Boolean == b.Boolean,
            FhirPathKind.String => a.String == b.String,
            FhirPathKind.TypeInfo => a.TypeInfo == b.TypeInfo,
            _ => false,
        };
    }

    /// <summary>Of two primitives without value the extensions decide; an element without value equals no value.</summary>
    private static bool? AreValuelessEqual(in FhirPathValue left, in FhirPathValue right) =>
        left.IsElement && right.IsElement && !left.Element.HasValue && !right.Element.HasValue
        && AreDeepEqual(left.Element, right.Element, equivalent: false);

    private static bool AreQuantitiesEquivalent(in FhirPathValue left, in FhirPathValue right)
    {
        FhirPathValue a = Conversion.ToSystem(left);
        FhirPathValue b = Conversion.ToSystem(right);
        return a.Kind == FhirPathKind.Quantity && b.Kind == FhirPathKind.Quantity && Quantities.AreEquivalent(a, b);
    }

    /// <summary>A number beside a quantity becomes one (FHIRPath, "Conversion": implicit conversions).</summary>
    private static FhirPathKind Promote(ref FhirPathValue left, ref FhirPathValue right)
    {
        if (left.Kind == FhirPathKind.Quantity && right.IsNumber)
        {
            right = FhirPathValue.OfQuantity(right.Number, QuantityUnit.One);
        }
        else if (right.Kind == FhirPathKind.Quantity && left.IsNumber)
        {
            left = FhirPathValue.OfQuantity(left.Number, QuantityUnit.One);
        }

        return left.Kind == right.Kind ? left.Kind : FhirPathKind.None;
    }

    /// <summary>
    /// Equal members, recursively. The order of members is not significant, that of the occurrences of one element is, unless
    /// equivalence is asked for.
    /// </summary>
    private static bool AreDeepEqual(Element left, Element right, bool equivalent)
    {
        if (left.Type != right.Type)
        {
            return false;
        }

        ElementSchema? previous = null;
        foreach (Element child in left.Children)
        {
            ElementSchema schema = child.Schema!;
            if (ReferenceEquals(schema, previous))
            {
                continue;
            }

            previous = schema;
            if (!AreOccurrencesEqual(left.ChildrenOf(schema), right.ChildrenOf(schema), equivalent))
            {
                return false;
            }
        }

        return left.Children.Count() == right.Children.Count();
    }

    private static bool AreOccurrencesEqual(ChildEnumerable left, ChildEnumerable right, bool equivalent)
    {
        ChildEnumerable.Enumerator others = right.GetEnumerator();
        foreach (Element child in left)
        {
            if (!others.MoveNext())
            {
                return false;
            }

            bool equal = equivalent
                ? HasEquivalent(child, right)
                : AreEqual(FhirPathValue.OfElement(child), FhirPathValue.OfElement(others.Current)) == true;
            if (!equal)
            {
                return false;
            }
        }

        return !others.MoveNext();
    }

    private static bool HasEquivalent(Element element, ChildEnumerable candidates)
    {
        FhirPathValue value = FhirPathValue.OfElement(element);
        foreach (Element candidate in candidates)
        {
            if (AreEquivalent(value, FhirPathValue.OfElement(candidate)))
            {
                return true;
            }
        }

        return false;
    }
}
