using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Validation;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The functions that FHIR adds (FHIR R4, "Additional functions") and those of SQL on FHIR.</summary>
internal static class FhirFunctions
{
    private const string BaseProfiles = "http://hl7.org/fhir/StructureDefinition/";

    public static readonly Function[] All =
    [
        new("hasValue", 0, 0, FunctionInput.Any, FunctionOutput.Boolean, HasValue),
        new("getValue", 0, 0, FunctionInput.Any, FunctionOutput.Any, GetValue),
        new("extension", 1, 1, FunctionInput.Any, FunctionOutput.Extension, Extension),
        new("resolve", 0, 0, FunctionInput.Any, FunctionOutput.Any, Resolve),
        new("memberOf", 1, 1, FunctionInput.Single, FunctionOutput.Boolean, MemberOf),
        new("subsumes", 1, 1, FunctionInput.Single, FunctionOutput.Boolean, static (in Call call) => Subsumes(call, swap: false)),
        new("subsumedBy", 1, 1, FunctionInput.Single, FunctionOutput.Boolean, static (in Call call) => Subsumes(call, swap: true)),
        new("conformsTo", 1, 1, FunctionInput.Single, FunctionOutput.Boolean, ConformsTo),
        new("checkModifiers", 0, 64, FunctionInput.Any, FunctionOutput.Same, CheckModifiers),
        new("htmlChecks", 0, 0, FunctionInput.Text, FunctionOutput.Boolean, HtmlChecks),
        new("type", 0, 0, FunctionInput.Any, FunctionOutput.TypeInfo, Type),
        new("getResourceKey", 0, 0, FunctionInput.Single, FunctionOutput.Text, GetResourceKey),
    ];

    private static void HasValue(in Call call) =>
        call.Return(call.Input.Count == 1 && (!call.Input[0].IsElement || (call.Input[0].Element is { HasValue: true } element && element.Type.IsPrimitive)));

    private static void GetValue(in Call call)
    {
        if (call.Input.Count == 1 && (!call.Input[0].IsElement || call.Input[0].Element.Type.IsPrimitive))
        {
            call.Return(Conversion.ToSystem(call.Input[0]));
        }
    }

    private static void Extension(in Call call)
    {
        if (!call.TryUtf8(0, out ReadOnlySpan<byte> url))
        {
            return;
        }

        for (int i = 0; i < call.Input.Count; i++)
        {
            if (!call.Input[i].IsElement)
            {
                continue;
            }

            foreach (Element extension in call.Input[i].Element.ChildrenOf("extension"))
            {
                if (extension.Child(FhirTypes.ExtensionUrl) is { Exists: true } candidate && candidate.ValueIs(url))
                {
                    call.Output.Add(extension.Tree, extension.Index);
                }
            }
        }
    }

    private static void Resolve(in Call call)
    {
        for (int i = 0; i < call.Input.Count; i++)
        {
            call.Run.Charge(10);
            call.Return(FhirPathValue.OfElement(References.Resolve(call.Run, call.Input[i])));
        }
    }

    private static void MemberOf(in Call call)
    {
        FhirPathValue item = call.Item();
        if (item.IsNone || !call.TryText(0, out string valueSet))
        {
            return;
        }

        FhirPathServices services = call.Run.Context.Services;
        bool? member = item.IsElement ? services.IsMember(item.Element, valueSet)
            : item.Kind == FhirPathKind.String ? services.IsMember(item.String, valueSet)
            : throw call.WrongInput("a code, Coding or CodeableConcept");
        if (member is { } known)
        {
            call.Return(known);
        }
    }

    private static void Subsumes(in Call call, bool swap)
    {
        FhirPathValue left = call.Item();
        FhirPathValue right = call.Argument(0);
        if (left.IsNone || right.IsNone)
        {
            return;
        }

        if (!IsConcept(left) || !IsConcept(right))
        {
            throw EvaluationErrors.Of("subsumes() and subsumedBy() are for Coding and CodeableConcept");
        }

        if (call.Run.Context.Services.Subsumes(swap ? right.Element : left.Element, swap ? left.Element : right.Element) is { } known)
        {
            call.Return(known);
        }
    }

    private static bool IsConcept(in FhirPathValue value) =>
        value.IsElement && (value.Element.Type.Is(FhirTypes.Coding) || value.Element.Type.Is(FhirTypes.CodeableConcept));

    private static void ConformsTo(in Call call)
    {
        FhirPathValue item = call.Item();
        if (!call.TryText(0, out string profile) || item.IsNone)
        {
            return;
        }

        if (!item.IsElement)
        {
            throw call.WrongInput("an element");
        }

        // What the schema itself says needs no profile checker: a Patient conforms to the base definition of Patient.
        bool? conforms = call.Run.Context.Services.ConformsTo(item.Element, profile);
        if (conforms is null && profile.StartsWith(BaseProfiles, StringComparison.Ordinal)
            && FhirSchema.R4.Type(profile[BaseProfiles.Length..]) is { } type)
        {
            conforms = item.Element.Type.Is(type);
        }

        call.Return(conforms ?? throw EvaluationErrors.Of($"the profile '{profile}' is not known"));
    }

    private static void CheckModifiers(in Call call)
    {
        for (int i = 0; i < call.Input.Count; i++)
        {
            if (call.Input[i].IsElement)
            {
                foreach (Element extension in call.Input[i].Element.ChildrenOf("modifierExtension"))
                {
                    string url = extension.Child(FhirTypes.ExtensionUrl) is { Exists: true } element ? element.Text ?? "" : "";
                    bool known = false;
                    for (int a = 0; a < call.ArgumentCount && !known; a++)
                    {
                        known = call.TryText(a, out string allowed) && allowed == url;
                    }

                    if (!known)
                    {
                        throw EvaluationErrors.Of($"{extension.Expression} is a modifier extension that is not known: '{url}'");
                    }
                }
            }

            call.Output.Add(call.Input[i]);
        }
    }

    private static void HtmlChecks(in Call call)
    {
        if (call.TryUtf8(out ReadOnlySpan<byte> xhtml))
        {
            call.Return(new XhtmlChecker(xhtml).Check() == XhtmlFault.None);
        }
    }

    private static void Type(in Call call)
    {
        for (int i = 0; i < call.Input.Count; i++)
        {
            call.Output.Add(FhirPathValue.OfType(TypeInfo.Of(call.Input[i])));
        }
    }

    /// <summary>SQL on FHIR v2: the key of a resource equals that of each reference to it. Here both are the id.</summary>
    private static void GetResourceKey(in Call call)
    {
        FhirPathValue item = call.Item();
        if (item.IsElement && item.Element.Type.IsResource && item.Element.Child("id") is { Exists: true, HasValue: true } id)
        {
            call.Return(id.Text!);
        }
    }
}
