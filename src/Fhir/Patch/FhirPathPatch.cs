using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Patch;

/// <summary>
/// FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html): a Parameters resource with operations that name their place by
/// FHIRPath. All are applied or none; each sees the outcome of the one before. What they do not touch keeps its digits and its order.
/// </summary>
public static class FhirPathPatch
{
    /// <summary>Patches a resource; what comes out is read again, so that it is a sound resource or an error.</summary>
    public static Result<ElementTree> Apply(Element resource, Element parameters, PatchLimits? limits = null)
    {
        limits ??= PatchLimits.Default;
        try
        {
            List<FhirPathPatchOperation> operations = FhirPathPatchOperation.ReadAll(parameters);
            if (limits.CheckCount(operations.Count) is { } tooMany)
            {
                return tooMany;
            }

            ElementTree tree = resource.IsRoot ? resource.Tree : Reread(FhirJson.ToBytes(resource), "The resource", limits);
            long work = 0;
            foreach (FhirPathPatchOperation operation in operations)
            {
                work += tree.Json.Length;
                if (work > limits.MaxWorkBytes)
                {
                    return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The patch has too many operations for a resource of {tree.Json.Length} bytes; split it.");
                }

                tree = Reread(Apply(tree, operation, limits), operation.ToString(), limits);
            }

            return tree;
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    private static ElementTree Reread(ReadOnlyMemory<byte> json, string where, PatchLimits limits) =>
        PatchedResource.Read(FhirJson.Read(json, limits.Read), where).Value;

    private static ReadOnlyMemory<byte> Apply(ElementTree tree, FhirPathPatchOperation operation, PatchLimits limits)
    {
        IReadOnlyList<Element> found = Select(tree, operation);
        var drafts = new ElementDraft?[tree.Count];
        ElementDraft root = ElementDraft.Of(tree.Root, drafts);
        List<ElementDraft> targets = [.. found.Select(element => drafts[element.Index]!)];
        switch (operation.Type)
        {
            case "add":
                Add(operation, operation.Single(targets), limits);
                break;
            case "insert":
                Insert(operation, targets, limits);
                break;
            case "delete":
                Delete(operation, targets);
                break;
            case "replace":
                Replace(operation, operation.Single(targets), limits);
                break;
            case "move":
                Move(operation, targets);
                break;
            default:
                throw operation.Malformed($"there is no such type; there are add, insert, delete, replace and move.");
        }

        return DraftJson.Write(root, tree.Json.Length);
    }

    private static IReadOnlyList<Element> Select(ElementTree tree, FhirPathPatchOperation operation)
    {
        Result<FhirPathExpression> expression = FhirPathExpression.Compile(operation.Path);
        if (expression.Error is { } syntax)
        {
            throw operation.Malformed($"the path is not FHIRPath: {syntax.Issues[0].Message}");
        }

        Result<IReadOnlyList<FhirPathValue>> result = expression.Value.TryEvaluate(tree.Root);
        if (result.Error is { } failure)
        {
            throw operation.Refuse($"the path cannot be evaluated: {failure.Issues[0].Message}");
        }

        // Elements of other trees may come from constructors of the language; they are no part of the resource.
        return result.Value.All(item => item.IsElement && ReferenceEquals(item.Element.Tree, tree))
            ? [.. result.Value.Select(item => item.Element)]
            : throw operation.Refuse("the path yields computed values; it must select elements of the resource.");
    }

    private static void Add(FhirPathPatchOperation operation, ElementDraft target, PatchLimits limits)
    {
        PatchValue value = operation.Value(limits);
        PatchMember member = PatchMember.Find(target.Type, operation.RequiredName()) ?? throw operation.Refuse($"{target.Type.Name} has no element '{operation.Name}'.");
        if (!member.Element.IsList && target.FirstOf(member.Element) is not null)
        {
            throw operation.Refuse($"there is a '{member.Element.Name}' already, and it may not repeat; use replace.");
        }

        target.Append(value.As(member));
    }

    private static void Insert(FhirPathPatchOperation operation, List<ElementDraft> targets, PatchLimits limits)
    {
        (ElementDraft parent, ElementSchema schema) = List(operation, targets);
        int index = operation.Position("index", targets.Count);
        parent.Insert(operation.Value(limits).As(new PatchMember(schema, null)), index);
    }

    private static void Delete(FhirPathPatchOperation operation, List<ElementDraft> targets)
    {
        // "only a single element can be deleted", and nothing to delete is no error.
        if (targets.Count == 0)
        {
            return;
        }

        ElementDraft target = operation.Single(targets);
        if (target.Parent is null)
        {
            throw operation.Refuse("the resource itself cannot be deleted by a patch.");
        }

        // An element that loses its last content goes too: "FHIR elements are never empty".
        for (ElementDraft? parent = target.Parent; parent is not null; parent = target.Parent)
        {
            parent.Remove(target);
            target = parent;
            if (!target.IsEmpty || target.Type.IsResource)
            {
                break;
            }
        }
    }

    private static void Replace(FhirPathPatchOperation operation, ElementDraft target, PatchLimits limits)
    {
        if (target.Parent is null)
        {
            throw operation.Refuse("the resource itself cannot be replaced by a patch; use update.");
        }

        // A value given in parts does not say its type; then it is that of the element.
        PatchValue value = operation.Value(limits);
        target.Parent.Replace(target, value.As(new PatchMember(target.Schema!, value.HasParts ? target.Type : null)));
    }

    private static void Move(FhirPathPatchOperation operation, List<ElementDraft> targets)
    {
        (ElementDraft parent, _) = List(operation, targets);
        int source = operation.Position("source", targets.Count - 1);
        int destination = operation.Position("destination", targets.Count - 1);
        if (source == destination)
        {
            return;
        }

        ElementDraft moved = targets[source];
        parent.Remove(moved);
        parent.Insert(moved, destination);
    }

    /// <summary>The one list that the targets are, from its first item to the last.</summary>
    private static (ElementDraft Parent, ElementSchema Schema) List(FhirPathPatchOperation operation, List<ElementDraft> targets)
    {
        if (targets.Count == 0)
        {
            throw operation.Refuse("the path selects nothing; the first item of a list is made with add.");
        }

        return targets[0] is { Parent: { } parent, Schema: { IsList: true } schema } && parent.AllOf(schema).SequenceEqual(targets)
            ? (parent, schema)
            : throw operation.Refuse("the path must select all items of one list.");
    }
}
