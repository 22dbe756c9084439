using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>FHIRPath, "Existence", "Subsetting", "Combining" and "Tree Navigation": the functions that need their whole input.</summary>
internal static class CollectionFunctions
{
    public static readonly Function[] All =
    [
        new("allTrue", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, static (in Call call) => call.Return(!Has(call, false))),
        new("anyTrue", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, static (in Call call) => call.Return(Has(call, true))),
        new("allFalse", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, static (in Call call) => call.Return(!Has(call, true))),
        new("anyFalse", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, static (in Call call) => call.Return(Has(call, false))),
        new("subsetOf", 1, 1, FunctionInput.Any, FunctionOutput.Boolean, SubsetOf),
        new("supersetOf", 1, 1, FunctionInput.Any, FunctionOutput.Boolean, SupersetOf),
        new("count", 0, 0, FunctionInput.Any, FunctionOutput.Integer, static (in Call call) => call.Return(call.Input.Count)),
        new("distinct", 0, 0, FunctionInput.Any, FunctionOutput.Same, Distinct),
        new("isDistinct", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, IsDistinct),
        new("single", 0, 0, FunctionInput.Any, FunctionOutput.SameSingle, static (in Call call) => call.Return(call.Item())),
        new("last", 0, 0, FunctionInput.Any, FunctionOutput.SameSingle, static (in Call call) => Skip(call, call.Input.Count - 1)),
        new("tail", 0, 0, FunctionInput.Any, FunctionOutput.Same, static (in Call call) => Skip(call, 1)),
        new("skip", 1, 1, FunctionInput.Any, FunctionOutput.Same, static (in Call call) => Skip(call, call.TryInteger(0, out int count) ? count : 0)),
        new("take", 1, 1, FunctionInput.Any, FunctionOutput.Same, Take),
        new("intersect", 1, 1, FunctionInput.Any, FunctionOutput.Same, Intersect),
        new("exclude", 1, 1, FunctionInput.Any, FunctionOutput.Same, Exclude),
        new("combine", 1, 1, FunctionInput.Any, FunctionOutput.Any, Combine),
        new("coalesce", 1, 16, FunctionInput.Any, FunctionOutput.Any, Coalesce),
        new("children", 0, 0, FunctionInput.Any, FunctionOutput.Any, Children),
        new("descendants", 0, 0, FunctionInput.Any, FunctionOutput.Any, Descendants),
    ];

    private static bool Has(in Call call, bool wanted)
    {
        bool found = false;
        for (int i = 0; i < call.Input.Count; i++)
        {
            FhirPathValue value = Conversion.ToSystem(call.Input[i]);
            if (value.Kind != FhirPathKind.Boolean)
            {
                throw EvaluationErrors.WrongType("An item of the input", "a Boolean", call.Input[i]);
            }

            found |= value.Boolean == wanted;
        }

        return found;
    }

    private static bool IsSubset(Evaluation run, ValueList part, ValueList whole)
    {
        for (int i = 0; i < part.Count; i++)
        {
            if (!Equality.Contains(run, whole, part[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static void SubsetOf(in Call call)
    {
        ValueList other = call.RentArgument(0);
        call.Return(IsSubset(call.Run, call.Input, other));
        call.Run.Return(other);
    }

    private static void SupersetOf(in Call call)
    {
        ValueList other = call.RentArgument(0);
        call.Return(IsSubset(call.Run, other, call.Input));
        call.Run.Return(other);
    }

    private static void Distinct(in Call call)
    {
        var items = new DistinctItems(call.Run, call.Output);
        for (int i = 0; i < call.Input.Count; i++)
        {
            items.Add(call.Input[i]);
        }
    }

    private static void IsDistinct(in Call call)
    {
        ValueList list = call.Run.Rent();
        var items = new DistinctItems(call.Run, list);
        bool distinct = true;
        for (int i = 0; distinct && i < call.Input.Count; i++)
        {
            distinct = items.Add(call.Input[i]);
        }

        call.Run.Return(list);
        call.Return(distinct);
    }

    private static void Skip(in Call call, int count)
    {
        for (int i = Math.Max(count, 0); i < call.Input.Count; i++)
        {
            call.Output.Add(call.Input[i]);
        }
    }

    private static void Take(in Call call)
    {
        int count = call.TryInteger(0, out int asked) ? asked : 0;
        for (int i = 0; i < count && i < call.Input.Count; i++)
        {
            call.Output.Add(call.Input[i]);
        }
    }

    private static void Intersect(in Call call)
    {
        ValueList other = call.RentArgument(0);
        var items = new DistinctItems(call.Run, call.Output);
        for (int i = 0; i < call.Input.Count; i++)
        {
            if (Equality.Contains(call.Run, other, call.Input[i]))
            {
                items.Add(call.Input[i]);
            }
        }

        call.Run.Return(other);
    }

    private static void Exclude(in Call call)
    {
        ValueList other = call.RentArgument(0);
        for (int i = 0; i < call.Input.Count; i++)
        {
            if (!Equality.Contains(call.Run, other, call.Input[i]))
            {
                call.Output.Add(call.Input[i]);
            }
        }

        call.Run.Return(other);
    }

    private static void Combine(in Call call)
    {
        ValueList other = call.RentArgument(0);
        call.Output.AddAll(call.Input);
        call.Output.AddAll(other);
        call.Run.Return(other);
    }

    private static void Coalesce(in Call call)
    {
        for (int i = 0; i < call.ArgumentCount; i++)
        {
            ValueList list = call.RentArgument(i);
            bool found = list.Count > 0;
            call.Output.AddAll(list);
            call.Run.Return(list);
            if (found)
            {
                return;
            }
        }
    }

    private static void Children(in Call call)
    {
        for (int i = 0; i < call.Input.Count; i++)
        {
            if (call.Input[i].IsElement)
            {
                foreach (Element child in call.Input[i].Element.Children)
                {
                    call.Output.Add(child.Tree, child.Index);
                }
            }
        }

        call.Run.Charge(call.Output.Count);
    }

    private static void Descendants(in Call call)
    {
        for (int i = 0; i < call.Input.Count; i++)
        {
            if (call.Input[i].IsElement)
            {
                AddDescendants(call, call.Input[i].Element);
            }
        }
    }

    // The depth of a tree is bounded by the reader's limit.
    private static void AddDescendants(in Call call, Element element)
    {
        foreach (Element child in element.Children)
        {
            call.Run.Charge(1);
            call.Output.Add(child.Tree, child.Index);
            AddDescendants(call, child);
        }
    }
}
