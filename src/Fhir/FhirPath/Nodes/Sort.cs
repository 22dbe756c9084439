namespace HealthChain.Fhir.FhirPath;

/// <summary>What to sort by, and in which direction.</summary>
internal sealed record SortKey(Node Key, bool Descending);

/// <summary><c>sort(keys)</c>: stable; items without a key come last, descending first.</summary>
internal sealed class SortNode(Node input, SortKey[] keys) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList keyed = run.Rent();
        ValueList items = run.Rent();
        input.Evaluate(run, focus, items);
        int outerIndex = run.Index;
        for (int i = 0; i < items.Count; i++)
        {
            run.Index = i;
            foreach (SortKey key in keys)
            {
                run.Charge(1);
                keyed.Add(key.Key.SingleSystem(run, items[i], "A key of sort()"));
            }
        }

        run.Index = outerIndex;
        int[] order = new int[items.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        try
        {
            Array.Sort(order, new KeyOrder(keyed, keys));
        }
        catch (InvalidOperationException e) when (e.InnerException is FhirException incomparable)
        {
            throw new FhirException(incomparable.Error);
        }

        foreach (int i in order)
        {
            output.Add(items[i]);
        }

        run.Return(items);
        run.Return(keyed);
    }

    private sealed class KeyOrder(ValueList keyed, SortKey[] keys) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            for (int k = 0; k < keys.Length; k++)
            {
                int order = Order(keyed[(x * keys.Length) + k], keyed[(y * keys.Length) + k]);
                if (order != 0)
                {
                    return keys[k].Descending ? -order : order;
                }
            }

            return x.CompareTo(y);
        }

        private static int Order(in FhirPathValue left, in FhirPathValue right) =>
            left.IsNone || right.IsNone ? left.IsNone.CompareTo(right.IsNone)
            : left.Kind == FhirPathKind.Boolean && right.Kind == FhirPathKind.Boolean ? left.Boolean.CompareTo(right.Boolean)
            : Equality.Compare(left, right) ?? 0;
    }
}
