using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// What an operation was called with, checked against its OperationDefinition: known names, types, how often each may and must stand
/// (https://hl7.org/fhir/R4/operations.html#executing). Values come from the query, a form, a Parameters resource, or a resource
/// that is sent by itself.
/// </summary>
internal sealed class OperationInput
{
    private readonly Dictionary<string, List<Element>> _values = [];

    private OperationInput()
    {
    }

    /// <summary>Parameters that the operation takes beyond those of its definition, in their order.</summary>
    public List<QueryParameter> Further { get; } = [];

    /// <param name="further">Whether a name beyond the definition is for the operation to judge (<c>$lastn</c> takes any search parameter); others are refused.</param>
    public static Result<OperationInput> Read(FhirRequest request, OperationDefinition definition, Func<string, bool>? further = null)
    {
        var input = new OperationInput();
        OperationParameter[] known = [.. definition.Parameters.Where(parameter => parameter.IsInput)];
        foreach (QueryParameter parameter in request.Query)
        {
            if (input.AddText(known, parameter, further) is { } error)
            {
                return error;
            }
        }

        if (request.Verb == HttpVerb.Post && !request.Body.IsEmpty && input.AddBody(request.Body, known, further) is { } fault)
        {
            return fault;
        }

        OperationParameter? missing = Array.Find(known, parameter => parameter.Min > 0 && !input._values.ContainsKey(parameter.Name));
        return missing is null
            ? input
            : FhirError.Of(ErrorKind.Invalid, IssueType.Required, $"${definition.Code} needs the parameter '{missing.Name}'{TypeHint(missing)}.");
    }

    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>The value: the element, the resource, or for one with parts the parameter itself; does not exist when it was not given.</summary>
    public Element Value(string name) => _values.TryGetValue(name, out List<Element>? values) ? values[0] : default;

    public IReadOnlyList<Element> Values(string name) => _values.TryGetValue(name, out List<Element>? values) ? values : [];

    /// <summary>The value of a primitive as text; null when it was not given.</summary>
    public string? Text(string name) => Value(name) is { Exists: true } value ? value.Text : null;

    public IEnumerable<string> Texts(string name) => Values(name).Select(value => value.Text!);

    public bool? Boolean(string name) => Value(name) is { Exists: true } value ? value.ValueIs("true"u8) : null;

    public int? Integer(string name) => Text(name) is { } text ? int.Parse(text) : null;

    private FhirError? AddBody(RequestBody body, OperationParameter[] known, Func<string, bool>? further)
    {
        if (body.MediaType == "application/x-www-form-urlencoded")
        {
            return QueryText.Read(Encoding.UTF8.GetString(body.Bytes.Span)).Select(parameter => AddText(known, parameter, further)).FirstOrDefault(error => error is not null);
        }

        Result<Element> content = ResourceBody.Read(body);
        if (!content.IsOk)
        {
            return content.Error;
        }

        Element root = content.Value;
        OperationParameter[] resources = [.. known.Where(parameter => parameter.Type is { } type && FhirSchema.R4.Type(type) is { IsResource: true } wanted && root.Type.Is(wanted))];
        bool isParameters = root.Type.Name == "Parameters" && !(resources.Length == 1 && !NamesAny(root, known));
        if (isParameters)
        {
            return root.ChildrenOf("parameter").ToList().Select(parameter => AddParameter(known, parameter, further)).FirstOrDefault(error => error is not null);
        }

        // R4: a single resource may be sent by itself, without Parameters around it.
        return resources.Length == 1
            ? Add(resources[0], root)
            : FhirError.Invalid($"The content is a {root.Type.Name}; a Parameters resource is expected.");
    }

    private static bool NamesAny(Element parameters, OperationParameter[] known) =>
        parameters.ChildrenOf("parameter").ToList().Exists(parameter => Array.Exists(known, candidate => candidate.Name == NameOf(parameter)));

    private FhirError? AddParameter(OperationParameter[] known, Element parameter, Func<string, bool>? further)
    {
        string name = NameOf(parameter);
        Element value = parameter.Child("value");
        if (Array.Find(known, candidate => candidate.Name == name) is not { } definition)
        {
            return further?.Invoke(name) == true && value is { Exists: true, HasValue: true } ? AddFurther(name, value.Text!) : Unknown(name, known);
        }

        if (definition.Type is null)
        {
            return parameter.Child("part").Exists ? Add(definition, parameter) : Wrong(definition, "parts are expected");
        }

        if (FhirSchema.R4.Type(definition.Type) is { IsResource: true } resourceType)
        {
            Element resource = parameter.Child("resource");
            return resource.Exists && resource.Type.Is(resourceType) ? Add(definition, resource) : Wrong(definition, $"a resource of type {definition.Type} is expected");
        }

        if (!value.Exists)
        {
            return Wrong(definition, $"a value of type {definition.Type} is expected");
        }

        // Several types have one form (uri, canonical and url; code and string): what counts is that the value has the form asked for.
        if (value.HasValue && FhirSchema.R4.Type(definition.Type) is { IsPrimitive: true } primitive)
        {
            return IsText(primitive) == value.IsText ? AddPrimitive(definition, primitive, value.Text!) : Wrong(definition, $"{PrimitiveFormat.Description(primitive.Primitive)} is expected");
        }

        return value.Type.Name == definition.Type ? Add(definition, value) : Wrong(definition, $"a value of type {definition.Type} is expected, not {value.Type.Name}");
    }

    private FhirError? AddText(OperationParameter[] known, QueryParameter parameter, Func<string, bool>? further)
    {
        if (Array.Find(known, candidate => candidate.Name == parameter.Name) is not { } definition)
        {
            return further?.Invoke(parameter.Name) == true ? AddFurther(parameter.Name, parameter.Value) : Unknown(parameter.Name, known);
        }

        return FhirSchema.R4.Type(definition.Type ?? "") is { IsPrimitive: true } primitive
            ? AddPrimitive(definition, primitive, parameter.Value)
            : Wrong(definition, $"it is {definition.Type ?? "made of parts"} and cannot stand in the query; send a Parameters resource by POST");
    }

    private FhirError? AddFurther(string name, string value)
    {
        Further.Add(new QueryParameter(name, value));
        return null;
    }

    private FhirError? AddPrimitive(OperationParameter definition, TypeSchema type, string text)
    {
        byte[] json = IsText(type) ? NodeJson.Of(text) : Encoding.UTF8.GetBytes(text);
        ReadResult value = FhirJson.ReadValue(type, json);
        return value.IsOk ? Add(definition, value.Root) : Wrong(definition, $"{PrimitiveFormat.Description(type.Primitive)} is expected");
    }

    private FhirError? Add(OperationParameter definition, Element value)
    {
        if (!_values.TryGetValue(definition.Name, out List<Element>? values))
        {
            _values.Add(definition.Name, values = []);
        }

        values.Add(value);
        return values.Count <= definition.Max ? null : FhirError.Invalid($"The parameter '{definition.Name}' may stand only {(definition.Max == 1 ? "once" : $"{definition.Max} times")}.");
    }

    private static bool IsText(TypeSchema type) =>
        type.Primitive is not (PrimitiveKind.Boolean or PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal);

    private static string NameOf(Element parameter) => parameter.Child("name") is { Exists: true } name ? name.Text ?? "" : "";

    private static string TypeHint(OperationParameter parameter) => parameter.Type is null ? "" : $" ({parameter.Type})";

    private static FhirError Wrong(OperationParameter parameter, string expected) =>
        FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"The parameter '{parameter.Name}' cannot be used as it is: {expected}.");

    private static FhirError Unknown(string name, OperationParameter[] known) => FhirError.Of(
        ErrorKind.Invalid,
        IssueType.NotSupported,
        $"There is no parameter '{SearchPath.Shown(name)}' here{(known.Length == 0 ? "; none are taken" : $"; there {(known.Length == 1 ? "is" : "are")} {string.Join(", ", known.Select(parameter => parameter.Name))}")}.");
}
