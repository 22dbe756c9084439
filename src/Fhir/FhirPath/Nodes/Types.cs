using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>A type specifier that was found: a type of FHIR, one of System, or both (a bare <c>Quantity</c>).</summary>
internal sealed class TypeTest
{
    private readonly TypeSchema? _fhir;
    private readonly FhirPathKind _system;

    private TypeTest(TypeSchema? fhir, FhirPathKind system)
    {
        _fhir = fhir;
        _system = system;
    }

    public TypeSchema? Fhir => _fhir;

    public FhirPathKind System => _system;

    /// <summary>Null when there is no such type. A name of the System namespace that it does not have is a type without values.</summary>
    public static TypeTest? Find(TypeName name)
    {
        TypeSchema? fhir = name.Namespace is null or "FHIR" ? FhirSchema.R4.Type(name.Name) : null;
        FhirPathKind system = name.Namespace is null or "System" ? SystemType(name.Name) : FhirPathKind.None;
        return fhir is null && system == FhirPathKind.None && name.Namespace != "System" ? null : new TypeTest(fhir, system);
    }

    /// <summary>Of the type or one derived from it.</summary>
    public bool Is(in FhirPathValue value) =>
        value.IsElement ? _fhir is not null && value.Element.Type.Is(_fhir) : value.Kind == _system && _system != FhirPathKind.None;

    /// <summary>Whether an item of a static type can be of this type: it is, or is an ancestor that it may turn out to be.</summary>
    public bool CanBe(ItemType type) =>
        type.Fhir is { } own ? _fhir is not null && (own.Is(_fhir) || _fhir.Is(own)) : type.System == _system;

    /// <summary>
    /// What <c>as</c> and <c>ofType()</c> let through. Primitives are taken by their exact type: a choice of string and code, or
    /// of uri and canonical, is told apart so, and the official tests ask for it (<c>gender.as(string)</c> is empty).
    /// </summary>
    public bool Selects(in FhirPathValue value) =>
        value.IsElement && _fhir is { IsPrimitive: true } ? ReferenceEquals(value.Element.Type, _fhir) : Is(value);

    /// <summary>The System type of that name, or None.</summary>
    public static FhirPathKind SystemType(string name) => name switch
    {
        "Boolean" => FhirPathKind.Boolean,
        "Integer" => FhirPathKind.Integer,
        "Long" => FhirPathKind.Long,
        "Decimal" => FhirPathKind.Decimal,
        "String" => FhirPathKind.String,
        "Date" => FhirPathKind.Date,
        "DateTime" => FhirPathKind.DateTime,
        "Time" => FhirPathKind.Time,
        "Quantity" => FhirPathKind.Quantity,
        _ => FhirPathKind.None,
    };
}

/// <summary><c>is</c></summary>
internal sealed class IsNode(Node operand, TypeTest type) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = operand.Single(run, focus, "The left side of 'is'");
        return value.IsNone ? Truth.Empty : Truths.Of(type.Is(value));
    }
}

/// <summary>
/// <c>resolve() is Patient</c>: the idiom of search parameters. Answered from the text of the reference where that names the
/// type, so that nothing has to be fetched.
/// </summary>
internal sealed class ReferenceIsNode(Node reference, TypeTest type) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = reference.Single(run, focus, "The input of resolve() before 'is'");
        TypeSchema? target = value.IsNone ? null : References.TargetType(run, value);
        return target is null ? Truth.Empty : Truths.Of(type.Fhir is not null && target.Is(type.Fhir));
    }
}

/// <summary>
/// <c>getReferenceKey(Type)</c> of SQL on FHIR v2: the key of the resource that a reference points to, see <c>getResourceKey()</c>;
/// nothing when it is of another type than the one asked for.
/// </summary>
internal sealed class ReferenceKeyNode(Node input, TypeTest? wanted) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList list = run.Rent();
        input.Evaluate(run, focus, list);
        for (int i = 0; i < list.Count; i++)
        {
            if (References.TryParse(References.Utf8Of(list[i]), out TypeSchema? type, out ReadOnlySpan<byte> id)
                && (wanted is null || (wanted.Fhir is { } fhir && type.Is(fhir))))
            {
                output.Add(FhirPathValue.OfString(Encoding.UTF8.GetString(id)));
            }
        }

        run.Return(list);
    }
}

/// <summary><c>as</c>, for one item; and <c>ofType()</c>, for any number.</summary>
internal sealed class OfTypeNode(Node operand, TypeTest type, bool single) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList list = run.Rent();
        operand.Evaluate(run, focus, list);
        if (single && list.Count > 1)
        {
            throw EvaluationErrors.NotSingle("The left side of 'as'");
        }

        for (int i = 0; i < list.Count; i++)
        {
            if (type.Selects(list[i]))
            {
                output.Add(list[i]);
            }
        }

        run.Return(list);
    }
}
