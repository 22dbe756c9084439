using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Patch;

/// <summary>
/// Finds the FHIRPath Patch that makes one resource into another of the same type: <see cref="FhirPathPatch"/> with the outcome gives the
/// second. Values are compared as they are written, so <c>1.0</c> and <c>1.00</c> differ.
/// </summary>
/// <remarks>
/// Items of a list are matched by content: what only moved because others came or went is not mentioned. Within an element additions come
/// before deletions, because a patch deletes what it leaves empty.
/// </remarks>
public static class FhirPathDiff
{
    /// <summary>Beyond so many comparisons the items of a list are matched by their places.</summary>
    private const int MaxComparisons = 1_000_000;

    /// <returns>A Parameters resource.</returns>
    public static Result<ElementTree> Compare(Element from, Element to)
    {
        if (from.Type != to.Type)
        {
            return FhirError.Invalid($"A {from.Type.Name} cannot be compared with a {to.Type.Name}.");
        }

        var run = new Run();
        run.Compare(from, to, from.Type.Name);
        return FhirJson.Read(run.Patch.ToJson(), new ReadLimits { MaxDepth = 500 }) is { IsOk: true, Tree: { } tree }
            ? tree
            : FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, "The resources differ in more than a patch can say.");
    }

    private sealed class Run
    {
        public FhirPathPatchWriter Patch { get; } = new();

        public void Compare(Element from, Element to, string path)
        {
            var changes = new List<Action>();
            var deletions = new List<Action>();
            foreach (ElementSchema schema in from.Type.Elements)
            {
                List<Element> before = from.ChildrenOf(schema).ToList();
                List<Element> after = to.ChildrenOf(schema).ToList();
                string child = $"{path}.{FhirPathName(schema.Name)}";
                if (before.Count == 0)
                {
                    after.ForEach(item => Patch.Add(path, schema.Name, item));
                }
                else if (after.Count == 0)
                {
                    deletions.Add(() => Delete(before, child, schema.IsList));
                }
                else if (schema.IsList)
                {
                    changes.Add(() => CompareLists(before, after, child, path));
                }
                else
                {
                    changes.Add(() => Change(before[0], after[0], child));
                }
            }

            changes.ForEach(change => change());
            deletions.ForEach(deletion => deletion());
        }

        private void Change(Element from, Element to, string path)
        {
            if (AreSame(from, to))
            {
                return;
            }

            if (from.Type == to.Type && !from.Type.IsPrimitive && HasSomethingInCommon(from, to))
            {
                Compare(from, to, path);
            }
            else
            {
                Patch.Replace(path, to);
            }
        }

        // From the end to the start, so that the places of what is still to be done stay as they are.
        private void CompareLists(List<Element> before, List<Element> after, string path, string parent)
        {
            foreach (Gap gap in Enumerable.Reverse(Gaps(before, after)))
            {
                int paired = Math.Min(gap.Before.Length, gap.After.Length);
                for (int i = gap.Before.Length - 1; i >= paired; i--)
                {
                    Patch.Delete($"{path}[{gap.Before.Start + i}]");
                }

                for (int i = gap.After.Length - 1; i >= paired; i--)
                {
                    Patch.Insert(path, gap.Before.Start + paired, after[gap.After.Start + i]);
                }

                for (int i = paired - 1; i >= 0; i--)
                {
                    Change(before[gap.Before.Start + i], after[gap.After.Start + i], $"{path}[{gap.Before.Start + i}]");
                }
            }
        }

        private void Delete(List<Element> items, string path, bool isList)
        {
            for (int i = items.Count - 1; i >= 0; i--)
            {
                Patch.Delete(isList ? $"{path}[{i}]" : path);
            }
        }
    }

    private readonly record struct Part(int Start, int Length);

    /// <summary>A stretch of items that have no equal on the other side.</summary>
    private readonly record struct Gap(Part Before, Part After);

    /// <summary>The stretches between the items that are the same on both sides, in order (longest common subsequence).</summary>
    private static List<Gap> Gaps(List<Element> before, List<Element> after)
    {
        byte[][] left = [.. before.Select(item => TextOf(item))];
        byte[][] right = [.. after.Select(item => TextOf(item))];
        int start = 0;
        while (start < left.Length && start < right.Length && left[start].AsSpan().SequenceEqual(right[start]))
        {
            start++;
        }

        int rows = left.Length - start;
        int columns = right.Length - start;
        if ((long)rows * columns > MaxComparisons)
        {
            return [new Gap(new Part(start, rows), new Part(start, columns))];
        }

        // longest[i, j]: how many of the items from i and j on can be matched.
        int[,] longest = new int[rows + 1, columns + 1];
        for (int i = rows - 1; i >= 0; i--)
        {
            for (int j = columns - 1; j >= 0; j--)
            {
                longest[i, j] = left[start + i].AsSpan().SequenceEqual(right[start + j]) ? longest[i + 1, j + 1] + 1 : Math.Max(longest[i + 1, j], longest[i, j + 1]);
            }
        }

        var gaps = new List<Gap>();
        int row = 0;
        int column = 0;
        int lastRow = 0;
        int lastColumn = 0;
        while (row < rows && column < columns)
        {
            if (left[start + row].AsSpan().SequenceEqual(right[start + column]))
            {
                Close(gaps, start, lastRow, row, lastColumn, column);
                (lastRow, lastColumn) = (++row, ++column);
            }
            else if (longest[row + 1, column] >= longest[row, column + 1])
            {
                row++;
            }
            else
            {
                column++;
            }
        }

        Close(gaps, start, lastRow, rows, lastColumn, columns);
        return gaps;
    }

    private static void Close(List<Gap> gaps, int start, int row, int rowEnd, int column, int columnEnd)
    {
        if (rowEnd > row || columnEnd > column)
        {
            gaps.Add(new Gap(new Part(start + row, rowEnd - row), new Part(start + column, columnEnd - column)));
        }
    }

    private static bool AreSame(Element left, Element right) => left.Type == right.Type && TextOf(left).AsSpan().SequenceEqual(TextOf(right));

    private static bool HasSomethingInCommon(Element left, Element right)
    {
        HashSet<string> names = [.. left.Children.ToList().Select(child => $"{child.Name} {Convert.ToBase64String(TextOf(child))}")];
        return right.Children.ToList().Exists(child => names.Contains($"{child.Name} {Convert.ToBase64String(TextOf(child))}"));
    }

    /// <summary>An element as text with all that belongs to it; a primitive's extensions too, which its bare value lacks.</summary>
    private static byte[] TextOf(Element element) => !element.Type.IsPrimitive || !element.HasChildren
        ? FhirJson.ToBytes(element)
        : [.. FhirJson.ToBytes(element), .. element.Children.ToList().SelectMany(child => FhirJson.ToBytes(child))];

    // Words of the language must stand between back ticks to be names.
    private static string FhirPathName(string name) => name is "contains" or "is" or "as" or "in" or "div" or "mod" or "and" or "or" or "xor" or "implies" ? $"`{name}`" : name;
}
