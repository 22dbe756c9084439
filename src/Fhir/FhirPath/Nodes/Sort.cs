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
        int[] order = new KeyOrder(keyed, keys).Sort(items.Count);
        foreach (int i in order)
        {
            output.Add(items[i]);
        }

        run.Return(items);
        run.Return(keyed);
    }

    /// <summary>
    /// Merge sort over positions. Dates of different precision have no total order, which the platform's sort answers with
    /// exceptions; this one ends with some order of them.
    /// </summary>
    private sealed class KeyOrder(ValueList keyed, SortKey[] keys)
    {
        public int[] Sort(int count)
        {
            int[] order = new int[count];
            int[] merged = new int[count];
            for (int i = 0; i < count; i++)
            {
                order[i] = i;
            }

            for (int width = 1; width < count; width *= 2)
            {
                for (int start = 0; start < count; start += 2 * width)
                {
                    Merge(order, merged, start, Math.Min(start + width, count), Math.Min(start + (2 * width), count));
                }

                (order, merged) = (merged, order);
            }

            return order;
        }

        private void Merge(int[] from, int[] to, int start, int middle, int end)
        {
            (int left, int right) = (start, middle);
            for (int i = start; i < end; i++)
            {
                bool takeLeft = left < middle && (right >= end || Compare(from[left], from[right]) <= 0);
                to[i] = takeLeft ? from[left++] : from[right++];
            }
        }

        private int Compare(int x, int y)
        {
            for (int k = 0; k < keys.Length; k++)
            {
                int order = Order(keyed[(x * keys.Length) + k], keyed[(y * keys.Length) + k]);
                if (order != 0)
                {
                    return keys[k].Descending ? -order : order;
                }
            }

            return 0;
        }

        private static int Order(in FhirPathValue left, in FhirPathValue right) =>
            left.IsNone || right.IsNone ? left.IsNone.CompareTo(right.IsNone)
            : left.Kind == FhirPathKind.Boolean && right.Kind == FhirPathKind.Boolean ? left.Boolean.CompareTo(right.Boolean)
            : Equality.Compare(left, right) ?? 0;
    }
}
