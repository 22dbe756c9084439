using System.Globalization;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Patch;

/// <summary>One operation of a FHIRPath Patch, as its parts say.</summary>
internal sealed class FhirPathPatchOperation
{
    private static readonly string[] Known = ["type", "path", "name", "value", "index", "source", "destination"];

    private readonly Dictionary<string, Element> _parts = [];
    private readonly int _number;

    private FhirPathPatchOperation(Element parameter, int number)
    {
        _number = number;
        foreach (Element part in parameter.ChildrenOf("part"))
        {
            string name = part.Child("name").Exists ? part.Child("name").Text ?? "" : "";
            if (!Known.Contains(name))
            {
                throw Malformed($"it has a part '{name}'; the parts are {string.Join(", ", Known)}.");
            }

            if (!_parts.TryAdd(name, part))
            {
                throw Malformed($"it has the part '{name}' twice.");
            }
        }

        Type = Required("type");
        Path = Required("path");
    }

    public string Type { get; } = "";

    public string Path { get; } = "";

    public string? Name => TextOf("name");

    public static List<FhirPathPatchOperation> ReadAll(Element parameters)
    {
        if (parameters.Type.Name != "Parameters")
        {
            throw new FhirException(FhirError.Invalid($"A FHIRPath Patch is a Parameters resource, not {parameters.Type.Name}."));
        }

        var operations = new List<FhirPathPatchOperation>();
        foreach (Element parameter in parameters.ChildrenOf("parameter"))
        {
            Element name = parameter.Child("name");
            if (!name.Exists || !name.ValueIs("operation"u8))
            {
                throw new FhirException(FhirError.Invalid("The parameters of a FHIRPath Patch are all named 'operation'.", parameter.Expression));
            }

            operations.Add(new FhirPathPatchOperation(parameter, operations.Count));
        }

        return operations;
    }

    public string RequiredName() => Required("name");

    public PatchValue Value(PatchLimits limits) =>
        _parts.TryGetValue("value", out Element part) ? new PatchValue(part, this, limits) : throw Malformed("it needs a part 'value'.");

    /// <summary>The integer part of that name, from 0 to a greatest value.</summary>
    public int Position(string name, int greatest)
    {
        string text = Required(name);
        return int.TryParse(text, NumberStyles.None, null, out int position) && position <= greatest
            ? position
            : throw Refuse($"'{name}' is {text}; it must be an integer from 0 to {greatest}.");
    }

    public ElementDraft Single(List<ElementDraft> targets) => targets.Count == 1
        ? targets[0]
        : throw Refuse(targets.Count == 0 ? "the path selects nothing." : $"the path selects {targets.Count} elements; it must select one.");

    /// <summary>The operation does not fit the resource.</summary>
    public FhirException Refuse(string reason) => Failure(ErrorKind.Unprocessable, reason);

    /// <summary>The operation makes no sense for any resource.</summary>
    public FhirException Malformed(string reason) => Failure(ErrorKind.Invalid, reason);

    private FhirException Failure(ErrorKind kind, string reason) =>
        new(FhirError.Of(kind, IssueType.Processing, $"{this}: {reason}", Path.Length > 0 ? Path : null));

    public override string ToString() => $"Operation {_number} ({$"{Type} {Path}".Trim()})";

    private string Required(string name) => TextOf(name) ?? throw Malformed($"it needs a part '{name}' with a value.");

    private string? TextOf(string name) => _parts.TryGetValue(name, out Element part) && part.Child("value") is { Exists: true } value ? value.Text : null;
}
